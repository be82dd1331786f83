import { HordeError, type JobFailureReason, type JobStage } from '@horde/protocol';

import { bytes } from './wording.ts';

interface Row {
  reason: JobFailureReason;
  stage: JobStage;
  retryable: boolean;
  says: (...facts: never[]) => string;
  hint?: string;
}

/** The user's part of the job went wrong: what the executor reports as V0JobFailedRequest. */
export class JobFailure extends HordeError {
  readonly reason: JobFailureReason;
  readonly stage: JobStage;

  constructor(code: string, sentence: string, { reason, stage, hint, retryable }: Omit<Row, 'says'>) {
    super(code, sentence, { hint, retryable, wire: { reason, stage } });
    this.reason = reason;
    this.stage = stage;
  }
}

/** The job's image is not on this machine and cannot be brought here. */
export class ImageUnavailable extends Error {
  override readonly name = 'ImageUnavailable';

  constructor(
    readonly image: string,
    why: string,
    options?: ErrorOptions,
  ) {
    super(`The image ${image} is not on this machine and cannot be pulled: ${why}`, options);
  }
}

/** This machine cannot let a streaming job's user in; the job has no part in it. */
export class StreamingFailed extends Error {
  override readonly name = 'StreamingFailed';
}

function catalogue<Rows extends Record<string, Row>>(rows: Rows) {
  const makers = Object.entries(rows).map(([code, row]) => [
    code,
    (...facts: never[]) => new JobFailure(code, row.says(...facts), row),
  ]);
  return Object.fromEntries(makers) as {
    [Code in keyof Rows]: (...facts: Parameters<Rows[Code]['says']>) => JobFailure;
  };
}

const download = { reason: 'download_failed', stage: 'volume_download', retryable: false } as const;
const upload = { reason: 'upload_failed', stage: 'result_upload', retryable: false } as const;

/** Every way in which this library says that a job failed. Sources and targets come without their query string. */
export const failures = catalogue({
  IMAGE_NAME_REFUSED: {
    reason: 'unknown',
    stage: 'executor_startup',
    retryable: false,
    says: (image: string) => `${JSON.stringify(image.slice(0, 300))} cannot be the name of an image.`,
  },
  IMAGE_REFUSED: {
    reason: 'unknown',
    stage: 'executor_startup',
    retryable: false,
    says: (image: string, why: string) => `The image ${image} may not be run on this machine: ${why}.`,
  },
  IMAGE_NOT_STARTABLE: {
    reason: 'unknown',
    stage: 'execution',
    retryable: false,
    says: (image: string, why: string) => `The image ${image} cannot be started: ${why}.`,
  },
  VOLUME_TOO_LARGE: {
    ...download,
    says: (source: string, limit: number) => `${source} holds more than ${bytes(limit)}.`,
    hint: 'Split the input, or ask the miner to raise VOLUME_MAX_SIZE_BYTES.',
  },
  VOLUME_TOO_MANY_ENTRIES: {
    ...download,
    says: (source: string, limit: number) => `${source} holds more than ${limit} files and folders.`,
    hint: 'Put many small files into one archive that the job unpacks itself.',
  },
  VOLUME_PATH_REFUSED: {
    ...download,
    says: (path: string, why: string) => `The volume's path ${JSON.stringify(path)} is refused: ${why}.`,
  },
  VOLUME_ENTRY_REFUSED: {
    ...download,
    says: (source: string, entry: string, why: string) =>
      `${source}: ${JSON.stringify(entry)} is refused: ${why}.`,
  },
  VOLUME_ARCHIVE_UNREADABLE: {
    ...download,
    says: (source: string, why: string) => `${source} cannot be unpacked: ${why}.`,
    hint: 'The volume has to be a ZIP archive without a password.',
  },
  VOLUME_ARCHIVE_GROWS: {
    ...download,
    says: (source: string, times: number) => `${source} unpacks to more than ${times} times its own size.`,
    hint: 'Give the file as it is (single_file), or store it in the archive without compression.',
  },
  VOLUME_NOT_WRITTEN: {
    ...download,
    retryable: true,
    says: (path: string | null, why: string) =>
      `The volume's ${path === null ? 'archive' : `file ${JSON.stringify(path)}`} cannot be written: ${why}.`,
  },
  VOLUME_ADDRESS_REFUSED: {
    ...download,
    says: (source: string, why: string) => `${source} is not fetched: ${why}.`,
  },
  VOLUME_NOT_SERVED: {
    ...download,
    retryable: true,
    says: (source: string, status: number) => `${source} was answered with HTTP ${status}.`,
  },
  VOLUME_UNREACHABLE: {
    ...download,
    retryable: true,
    says: (source: string, why: string) => `${source} cannot be fetched: ${why}.`,
  },
  VOLUME_REPOSITORY_UNREADABLE: {
    ...download,
    says: (source: string, why: string) => `${source} cannot be read: ${why}.`,
  },
  UPLOAD_PATH_REFUSED: {
    ...upload,
    says: (path: string, why: string) => `The output file ${JSON.stringify(path)} is refused: ${why}.`,
  },
  UPLOAD_FILE_UNREADABLE: {
    ...upload,
    says: (path: string, why: string) =>
      `The output file ${JSON.stringify(path)} cannot be uploaded: ${why}.`,
  },
  UPLOAD_HEADER_REFUSED: {
    ...upload,
    says: (name: string, why: string) => `The signed header ${JSON.stringify(name)} is refused: ${why}.`,
  },
  UPLOAD_ADDRESS_REFUSED: {
    ...upload,
    says: (target: string, why: string) => `Nothing is uploaded to ${target}: ${why}.`,
  },
  UPLOAD_NOT_ACCEPTED: {
    ...upload,
    retryable: true,
    says: (path: string, target: string, why: string) =>
      `Uploading ${JSON.stringify(path)} to ${target} failed: ${why}.`,
  },
  UPLOAD_ANSWERS_TOO_LARGE: {
    ...upload,
    says: (limit: number) => `The answers to the uploads are together longer than ${bytes(limit)}.`,
  },
  UPLOAD_FILE_TOO_LARGE: {
    ...upload,
    says: (path: string, size: number, limit: number) =>
      `The output file ${JSON.stringify(path)} has ${bytes(size)}, and ${bytes(limit)} is the most that is uploaded.`,
    hint: 'Split the output, or ask the miner to raise OUTPUT_ZIP_UPLOAD_MAX_SIZE_BYTES.',
  },
  UPLOAD_ARCHIVE_TOO_LARGE: {
    ...upload,
    says: (size: number, limit: number) =>
      `The archive of /output would have ${bytes(size)}, and ${bytes(limit)} is the most that is uploaded.`,
    hint: 'Leave less in /output, or ask the miner to raise OUTPUT_ZIP_UPLOAD_MAX_SIZE_BYTES.',
  },
  UPLOAD_TOO_MANY_FILES: {
    ...upload,
    says: (limit: number) => `There are more than ${limit} files to archive in /output.`,
    hint: 'Let the job pack them into one file.',
  },
  ENVIRONMENT_REFUSED: {
    reason: 'unknown',
    stage: 'execution',
    retryable: false,
    says: (why: string) => `The job's environment variables are refused: ${why}.`,
  },
  STREAMING_ENDED_EARLY: {
    reason: 'unknown',
    stage: 'streaming_startup',
    retryable: false,
    says: () => 'The job ended before it answered /health.',
    hint: 'A streaming job has to serve HTTP on port 8000 until its work is done.',
  },
  STREAMING_CERTIFICATE_REFUSED: {
    reason: 'unknown',
    stage: 'streaming_startup',
    retryable: false,
    says: (why: string) => `The client certificate for the streaming job is refused: ${why}.`,
    hint: 'streaming_details.public_key has to be one X.509 certificate in PEM.',
  },
  STREAMING_NOT_READY: {
    reason: 'timeout',
    stage: 'streaming_startup',
    retryable: false,
    says: (answer: string) => `The job did not answer GET /health on port 8000 with 200 in time: ${answer}.`,
    hint: 'The job has to serve HTTP on port 8000 of every address, and answer /health with 200 once it is ready.',
  },
  ARTIFACTS_DIR_REFUSED: {
    reason: 'unknown',
    stage: 'execution',
    retryable: false,
    says: (path: string, why: string) => `The artifacts folder ${JSON.stringify(path)} is refused: ${why}.`,
  },
});
