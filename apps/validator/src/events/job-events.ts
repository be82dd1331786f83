import type { HordeFailureReason, JobFailureReason } from '@horde/protocol';
import type { Report } from '../jobs/outcome.ts';
import type { NewSystemEvent } from './system-events.ts';

/** What ComputeHorde calls a job's own failure. */
const jobFailures: Partial<Record<JobFailureReason, string>> = {
  timeout: 'JOB_TIMEOUT',
  nonzero_return_code: 'JOB_PROCESS_NONZERO_EXIT_CODE',
  download_failed: 'JOB_VOLUME_DOWNLOAD_FAILED',
  upload_failed: 'JOB_RESULT_UPLOAD_FAILED',
  unknown: 'GENERIC_ERROR',
};

/** What it calls a failure of the miner, its executor or this validator. */
function hordeFailure(reason: HordeFailureReason): string {
  if (reason === 'miner_connection_failed') return 'MINER_CONNECTION_ERROR';
  if (reason === 'security_check_failed') return 'ERROR_FAILED_SECURITY_CHECK';
  return reason.endsWith('_timed_out') ? 'ERROR_VALIDATOR_REPORTED_TIMEOUT' : 'GENERIC_ERROR';
}

/**
 * The event of a job's end at a miner, as ComputeHorde's validator records it.
 *
 * @param report a terminal status and what was told with it
 */
export function jobEvent(
  { status, metadata }: Report,
  job: { job_uuid: string; miner_hotkey: string },
): NewSystemEvent {
  const data = { job_uuid: job.job_uuid, miner_hotkey: job.miner_hotkey };
  const failed = (subtype: string, description: string): NewSystemEvent => ({
    type: 'MINER_ORGANIC_JOB_FAILURE',
    subtype,
    description,
    data,
  });
  if (status === 'completed')
    return {
      type: 'MINER_ORGANIC_JOB_SUCCESS',
      subtype: 'SUCCESS',
      description: 'The job has completed.',
      data,
    };
  const { job_rejection_details, job_failure_details, horde_failure_details } = metadata ?? {};
  if (job_rejection_details) return failed('JOB_REJECTED', job_rejection_details.message);
  if (job_failure_details) {
    const { reason, message } = job_failure_details;
    return failed(jobFailures[reason] ?? 'GENERIC_JOB_FAILURE', message);
  }
  if (horde_failure_details)
    return failed(hordeFailure(horde_failure_details.reason), horde_failure_details.message);
  return failed('GENERIC_ERROR', `The job has ended: ${status}.`);
}
