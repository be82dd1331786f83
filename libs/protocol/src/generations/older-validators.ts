import type { HordeFailureReason, JobRejectionReason } from '../enums.ts';
import { olderFailureReasons } from '../enums.ts';
import type { JsonObject } from '../json/values.ts';
import { writeCompact } from '../json/write.ts';
import type { JobCheated, NewJob } from '../links/facilitator-validator.ts';
import { ExecutorFailed, JobFailed, type HordeFailed } from '../links/job-messages.ts';
import { make } from '../messages/message.ts';
import { toJson, writeFrame } from '../messages/write.ts';

/*
 * What validators of the oldest generation (compute-horde 0.0.26) read differently. They are told from newer ones by
 * what they leave out: an unsigned job request without `env` towards a miner, `metadata.comment` in a status towards
 * a facilitator.
 */

/** Whether a job request, as it was received, is from a validator of the oldest generation. */
export const isOldJobRequest = (json: JsonObject): boolean => !json.has('env');

/** Whether a status update, as it was received, is from a validator of the oldest generation. */
export function isOldStatusUpdate(json: JsonObject): boolean {
  const metadata = json.get('metadata');
  return metadata instanceof Map && metadata.has('comment');
}

/** The frame of a job for the oldest validators, which refuse a message with a key that they do not know. */
export function newJobForOldValidator(job: NewJob): string {
  const json = toJson(job);
  json.delete('job_namespace');
  return writeCompact(json);
}

/** As `newJobForOldValidator`, for a cheat report; the user's signature has to be one over the job's uuid only. */
export function jobCheatedForOldValidator(report: JobCheated): string {
  const json = toJson(report);
  json.delete('trusted_job_uuid');
  json.delete('details');
  return writeCompact(json);
}

/** What the oldest generation calls horde failures in `error_type`, where it has a word for them. */
const olderHordeFailures: Partial<Record<HordeFailureReason, string>> = {
  executor_disconnected: 'EXECUTOR_DISCONNECTED',
  security_check_failed: 'SECURITY_CHECK',
};

/**
 * The frame of a failure for the oldest validators, which know no horde failures. While they wait for the executor
 * nothing but `V0ExecutorFailedRequest` ends their wait; once it is ready they overlook that, and any failure is told
 * as the job's, in one frame that all generations read: older and newer names side by side, and texts where the
 * oldest require them.
 * @param executorReady whether the validator has been told that the executor is ready
 */
export function failureForOldValidator(failure: JobFailed | HordeFailed, executorReady: boolean): string {
  const { job_uuid, message, context } = failure;
  if (!executorReady) return writeFrame(make(ExecutorFailed, { job_uuid }));
  const horde = failure.message_type === 'V0HordeFailedRequest';
  const failed = horde ? make(JobFailed, { job_uuid, message, context }) : failure;
  const older = Object.entries(olderFailureReasons).find(([, reason]) => reason === failure.reason)?.[0];
  const json = toJson(failed);
  json.set('docker_process_stdout', failed.docker_process_stdout ?? '');
  json.set('docker_process_stderr', failed.docker_process_stderr ?? '');
  json.set('timeout', failed.reason === 'timeout');
  json.set('error_type', (horde ? olderHordeFailures[failure.reason] : older) ?? null);
  json.set('error_detail', message);
  return writeCompact(json);
}

/**
 * The reason of a decline that its reader understands: a validator that does not sign its requests may be of the
 * oldest generation, which refuses the whole message over a word it does not know.
 */
export const declineReasonFor = (reason: JobRejectionReason, signsRequests: boolean): JobRejectionReason =>
  signsRequests || reason === 'validator_blacklisted' ? reason : 'busy';
