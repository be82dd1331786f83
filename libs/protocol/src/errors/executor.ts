import type { ErrorRow } from './row.ts';

/** What an executor says of its job as a whole, of its miner, and of itself. */
export const executorErrors = {
  EXECUTOR_NOT_READY: {
    facts: ['seconds'],
    says: 'The executor was not ready within {seconds} s.',
    retryable: true,
    wire: { reason: 'generic_error', stage: 'executor_startup' },
  },
  EXECUTOR_STOPPED: {
    says: 'The executor was stopped.',
    retryable: true,
    wire: { reason: 'generic_error' },
  },
  MINER_GONE: {
    facts: ['why'],
    says: '{why}',
    retryable: true,
    wire: { reason: 'generic_error' },
  },
  JOB_RUNNER_NOT_LOADED: {
    facts: ['why'],
    says: "The executor's own job runner cannot be used: {why}",
    retryable: false,
    wire: { reason: 'generic_error', stage: 'executor_startup' },
  },
  JOB_REQUEST_UNREADABLE: {
    facts: ['why'],
    says: "The executor cannot read the job's request: {why}",
    retryable: false,
    wire: { reason: 'generic_error' },
  },
  NO_TIME_LIMIT: {
    says: 'The job has neither executor_timing nor timeout_seconds.',
    retryable: false,
    wire: { reason: 'generic_error' },
  },
  VOLUME_GIVEN_TWICE: {
    says: 'The job has a volume in both of its requests.',
    retryable: false,
    wire: { reason: 'generic_error' },
  },
  RESULT_TOO_LARGE: {
    facts: ['bytes', 'limit'],
    says: "The job's result is a message of {bytes} bytes, and {limit} is the most that is sent.",
    hint: 'Upload large outputs, and have the storage answer briefly.',
    retryable: false,
    wire: { reason: 'upload_failed', stage: 'result_upload' },
  },
  JOB_RUNNER_FAILED: {
    facts: ['runner', 'hook', 'why'],
    says: "{runner}'s {hook}() failed: {why}.",
    retryable: true,
    wire: { reason: 'generic_error' },
  },
} as const satisfies Record<string, ErrorRow>;
