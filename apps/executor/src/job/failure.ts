import {
  errors,
  HordeError,
  HordeFailed,
  type HordeFailureReason,
  JobFailed,
  JobFailureReason,
  make,
  toJsonValue,
} from '@horde/protocol';
import type { Ending, ImageUnavailable } from '@horde/job-runner';
import type { Stage } from './stages.ts';

/** How far a job came before it failed. */
export interface Progress {
  jobUuid: string;
  stage: Stage;
  /** How the container ended, if it was run. */
  ending: Ending | null;
}

/**
 * Says why a job failed: a JobFailed when the cause is the user's image, data, command or time, a HordeFailed
 * otherwise. What the job printed goes with a JobFailed.
 */
export function failureMessage(error: unknown, progress: Progress): JobFailed | HordeFailed {
  const known = error instanceof HordeError ? error : knownTrouble(error);
  if (!known?.wire) return unexpected(error, progress);
  const message = known.hint ? `${known.message} ${known.hint}` : known.message;
  const { reason, stage = progress.stage } = known.wire;
  if (!isJobReason(reason)) return hordeFailed(progress, message, reason as HordeFailureReason);
  const { jobUuid, ending } = progress;
  return make(JobFailed, {
    job_uuid: jobUuid,
    message,
    reason,
    stage,
    docker_process_exit_status: ending?.exitCode ?? null,
    docker_process_stdout: ending?.stdout ?? null,
    docker_process_stderr: ending?.stderr ?? null,
  });
}

/** The error for a stage that was not over in time. */
export function overrun(stage: Stage, startupTimeLimit: number): HordeError {
  switch (stage) {
    case 'executor_startup':
      return errors.EXECUTOR_NOT_READY(startupTimeLimit);
    case 'volume_download':
      return errors.JOB_OVERRAN("The job's files were not in place in time.");
    case 'execution':
      return errors.JOB_OVERRAN('The job was still running when its time was over, and was stopped.');
    case 'result_upload':
      return errors.JOB_OVERRAN("The job's results were not uploaded in time.");
  }
}

/** The error for a container that ended with anything but 0. */
export function badExit(exitCode: number, stderr: string): HordeError {
  const lastLine = stderr.trimEnd().split('\n').at(-1)!.trim();
  return errors.JOB_EXITED(exitCode, lastLine.length > 300 ? `${lastLine.slice(0, 300)}...` : lastLine);
}

function unexpected(error: unknown, progress: Progress): HordeFailed {
  const [type, text] =
    error instanceof Error ? [error.constructor.name, error.message] : ['unknown', String(error)];
  const message = `The executor met an error that it does not know: ${text}`;
  return hordeFailed(progress, message, 'unhandled_exception', { exception_type: type });
}

function hordeFailed(
  { jobUuid, stage }: Progress,
  message: string,
  reason: HordeFailureReason,
  facts = {},
): HordeFailed {
  const context = toJsonValue({ ...facts, stage });
  return make(HordeFailed, { job_uuid: jobUuid, reported_by: 'executor', message, reason, context });
}

const isJobReason = (reason: string): reason is JobFailureReason =>
  (JobFailureReason as readonly string[]).includes(reason);

/** What went wrong on this machine, where a sentence says more than the error. */
function knownTrouble(error: unknown): HordeError | null {
  if (isImageUnavailable(error)) return errors.IMAGE_UNAVAILABLE(error.message);
  const { syscall, code } = (error ?? {}) as NodeJS.ErrnoException;
  return syscall === 'connect' && code ? errors.ENGINE_UNREACHABLE(code) : null;
}

// Told by its name: the class comes with the Docker client, which is loaded only once there is a job.
const isImageUnavailable = (error: unknown): error is ImageUnavailable =>
  error instanceof Error && error.name === 'ImageUnavailable';
