import type { ErrorRow } from './row.ts';

/** How a job's container ended, and what of the job the engine refuses. */
export const jobErrors = {
  JOB_CANCELLED: {
    facts: ['by'],
    says: 'Cancelled by {by}.',
    retryable: false,
    wire: { reason: 'unknown' },
  },
  JOB_EXITED: {
    facts: ['code'],
    says: 'The job ended with exit code {code}.',
    retryable: false,
    wire: { reason: 'nonzero_return_code' },
  },
  JOB_HIT_LIMIT: {
    facts: ['sentence'],
    says: '{sentence}',
    retryable: false,
    wire: { reason: 'nonzero_return_code' },
  },
  JOB_REFUSED_BY_ENGINE: {
    facts: ['why'],
    says: 'The Docker engine refuses to run the job as it was asked for: {why}',
    hint: "Check the image's name, the environment and the artifacts folder.",
    retryable: false,
    wire: { reason: 'unknown' },
  },
  ENVIRONMENT_REFUSED: {
    facts: ['why'],
    says: "The job's environment variables are refused: {why}.",
    retryable: false,
    wire: { reason: 'unknown', stage: 'execution' },
  },
  ARTIFACTS_DIR_REFUSED: {
    facts: ['path', 'why'],
    says: 'The artifacts folder {path:quoted} is refused: {why}.',
    retryable: false,
    wire: { reason: 'unknown', stage: 'execution' },
  },
  JOB_EXITED_SAYING: {
    facts: ['code', 'lastLine'],
    says: 'The job ended with exit code {code}. The last line of its stderr: {lastLine}',
    retryable: false,
    wire: { reason: 'nonzero_return_code' },
  },
  JOB_OVERRAN: {
    says: 'The job was still running when its time was over, and was stopped.',
    hint: 'Give the job more time.',
    retryable: false,
    wire: { reason: 'timeout' },
  },
  FILES_LATE: {
    says: "The job's files were not in place in time.",
    hint: 'Give the job more time.',
    retryable: false,
    wire: { reason: 'timeout' },
  },
  STREAMING_LATE: {
    says: 'The job could not be reached by its user in time, and was stopped.',
    hint: 'Give the job more time.',
    retryable: false,
    wire: { reason: 'timeout' },
  },
  RESULTS_LATE: {
    says: "The job's results were not uploaded in time.",
    hint: 'Give the job more time.',
    retryable: false,
    wire: { reason: 'timeout' },
  },
} as const satisfies Record<string, ErrorRow>;
