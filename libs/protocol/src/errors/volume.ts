import type { ErrorRow } from './row.ts';

const download = { reason: 'download_failed', stage: 'volume_download' } as const;

/** Why a job's files are not there. Sources come without their query string. */
export const volumeErrors = {
  VOLUME_TOO_LARGE: {
    facts: ['source', 'limit'],
    says: '{source} holds more than {limit:bytes}.',
    hint: 'Split the input, or ask the miner to raise VOLUME_MAX_SIZE_BYTES.',
    retryable: false,
    wire: download,
  },
  VOLUME_TOO_MANY_ENTRIES: {
    facts: ['source', 'limit'],
    says: '{source} holds more than {limit} files and folders.',
    hint: 'Put many small files into one archive that the job unpacks itself.',
    retryable: false,
    wire: download,
  },
  VOLUME_PATH_REFUSED: {
    facts: ['path', 'why'],
    says: "The volume's path {path:quoted} is refused: {why}.",
    retryable: false,
    wire: download,
  },
  VOLUME_ENTRY_REFUSED: {
    facts: ['source', 'entry', 'why'],
    says: '{source}: {entry:quoted} is refused: {why}.',
    retryable: false,
    wire: download,
  },
  VOLUME_ARCHIVE_UNREADABLE: {
    facts: ['source', 'why'],
    says: '{source} cannot be unpacked: {why}.',
    hint: 'The volume has to be a ZIP archive without a password.',
    retryable: false,
    wire: download,
  },
  VOLUME_ARCHIVE_GROWS: {
    facts: ['source', 'times'],
    says: '{source} unpacks to more than {times} times its own size.',
    hint: 'Give the file as it is (single_file), or store it in the archive without compression.',
    retryable: false,
    wire: download,
  },
  VOLUME_NOT_WRITTEN: {
    facts: ['path', 'why'],
    says: "The volume's file {path:quoted} cannot be written: {why}.",
    retryable: true,
    wire: download,
  },
  VOLUME_ADDRESS_REFUSED: {
    facts: ['source', 'why'],
    says: '{source} is not fetched: {why}.',
    retryable: false,
    wire: download,
  },
  VOLUME_NOT_SERVED: {
    facts: ['source', 'status'],
    says: '{source} was answered with HTTP {status}.',
    retryable: true,
    wire: download,
  },
  VOLUME_UNREACHABLE: {
    facts: ['source', 'why'],
    says: '{source} cannot be fetched: {why}.',
    retryable: true,
    wire: download,
  },
  VOLUME_REPOSITORY_UNREADABLE: {
    facts: ['source', 'why'],
    says: '{source} cannot be read: {why}.',
    retryable: false,
    wire: download,
  },
  VOLUME_ARCHIVE_NOT_WRITTEN: {
    facts: ['why'],
    says: "The volume's archive cannot be written: {why}.",
    retryable: true,
    wire: { reason: 'download_failed', stage: 'volume_download' },
  },
} as const satisfies Record<string, ErrorRow>;
