import type { ErrorRow } from './row.ts';

const upload = { reason: 'upload_failed', stage: 'result_upload' } as const;

/** Why a job's output is not where it belongs. Targets come without their query string. */
export const uploadErrors = {
  UPLOAD_PATH_REFUSED: {
    facts: ['path', 'why'],
    says: 'The output file {path:quoted} is refused: {why}.',
    retryable: false,
    wire: upload,
  },
  UPLOAD_FILE_UNREADABLE: {
    facts: ['path', 'why'],
    says: 'The output file {path:quoted} cannot be uploaded: {why}.',
    retryable: false,
    wire: upload,
  },
  UPLOAD_HEADER_REFUSED: {
    facts: ['name', 'why'],
    says: 'The signed header {name:quoted} is refused: {why}.',
    retryable: false,
    wire: upload,
  },
  UPLOAD_ADDRESS_REFUSED: {
    facts: ['target', 'why'],
    says: 'Nothing is uploaded to {target}: {why}.',
    retryable: false,
    wire: upload,
  },
  UPLOAD_NOT_ACCEPTED: {
    facts: ['path', 'target', 'why'],
    says: 'Uploading {path:quoted} to {target} failed: {why}.',
    retryable: true,
    wire: upload,
  },
  UPLOAD_ANSWERS_TOO_LARGE: {
    facts: ['limit'],
    says: 'The answers to the uploads are together longer than {limit:bytes}.',
    retryable: false,
    wire: upload,
  },
  UPLOAD_FILE_TOO_LARGE: {
    facts: ['path', 'size', 'limit'],
    says: 'The output file {path:quoted} has {size:bytes}, and {limit:bytes} is the most that is uploaded.',
    hint: 'Split the output, or ask the miner to raise OUTPUT_ZIP_UPLOAD_MAX_SIZE_BYTES.',
    retryable: false,
    wire: upload,
  },
  UPLOAD_ARCHIVE_TOO_LARGE: {
    facts: ['size', 'limit'],
    says: 'The archive of /output would have {size:bytes}, and {limit:bytes} is the most that is uploaded.',
    hint: 'Leave less in /output, or ask the miner to raise OUTPUT_ZIP_UPLOAD_MAX_SIZE_BYTES.',
    retryable: false,
    wire: upload,
  },
  UPLOAD_TOO_MANY_FILES: {
    facts: ['limit'],
    says: 'There are more than {limit} files to archive in /output.',
    hint: 'Let the job pack them into one file.',
    retryable: false,
    wire: upload,
  },
} as const satisfies Record<string, ErrorRow>;
