import {
  errors,
  HordeError,
  HordeFailed,
  type HordeFailureReason,
  JobFailed,
  JobFailureReason,
  type JsonObject,
  make,
  toJsonValue,
} from '@horde/protocol';
import type { Ending, SecurityCheckFailed } from '@horde/job-runner';
import type { Stage } from './stages.ts';

/** What a job's container had printed and how it ended, as far as it came. */
export type JobOutcome = Pick<Ending, 'stdout' | 'stderr'> & Partial<Pick<Ending, 'exitCode'>>;

/** The longest last line of stderr that is passed on. @unit characters */
const maxLastLine = 300;

/** How far a job came before it failed. */
export interface Progress {
  jobUuid: string;
  stage: Stage;
  /** Null: no container was run. */
  outcome: JobOutcome | null;
  /** Who cancelled the job; null: nobody did. */
  cancelledBy: string | null;
}

/**
 * Says why a job failed: a JobFailed when the cause is the user's image, data, command or time, a HordeFailed
 * otherwise. What the job printed goes with a JobFailed.
 */
export function failureMessage(error: unknown, progress: Progress): JobFailed | HordeFailed {
  const known = error instanceof HordeError ? error : knownTrouble(error);
  if (!known?.wire) return unexpected(error, progress);
  const sentence = /[.!?]$/.test(known.message) || !known.hint ? known.message : `${known.message}.`;
  const message = known.hint ? `${sentence} ${known.hint}` : sentence;
  const { reason, stage = progress.stage } = known.wire;
  if (!isJobReason(reason))
    return hordeFailed(progress, message, reason as HordeFailureReason, checkFacts(error));
  const { jobUuid, outcome, cancelledBy } = progress;
  return make(JobFailed, {
    job_uuid: jobUuid,
    message,
    reason,
    stage,
    docker_process_exit_status: outcome?.exitCode ?? null,
    docker_process_stdout: outcome?.stdout ?? null,
    docker_process_stderr: outcome?.stderr ?? null,
    context: known.code === 'JOB_CANCELLED' ? contextOf({ cancelled_by: cancelledBy }) : null,
  });
}

/** The error for a stage that was not over in time. */
export function overrun(stage: Stage, startupTimeLimit: number): HordeError {
  switch (stage) {
    case 'executor_startup':
      return errors.EXECUTOR_NOT_READY(startupTimeLimit);
    case 'volume_download':
      return errors.FILES_LATE();
    case 'streaming_startup':
      return errors.STREAMING_LATE();
    case 'execution':
      return errors.JOB_OVERRAN();
    case 'result_upload':
      return errors.RESULTS_LATE();
  }
}

/** The error for a container that ended with anything but 0. */
export function badExit({
  exitCode,
  stderr,
  limit,
}: Pick<Ending, 'exitCode' | 'stderr' | 'limit'>): HordeError {
  if (limit !== null) return errors.JOB_HIT_LIMIT(limit);
  const lastLine = stderr.trimEnd().split('\n').at(-1)!.trim();
  if (lastLine === '') return errors.JOB_EXITED(exitCode!);
  const cut = lastLine.length > maxLastLine ? `${lastLine.slice(0, maxLastLine)}...` : lastLine;
  return errors.JOB_EXITED_SAYING(exitCode!, cut);
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
  const context = contextOf({ ...facts, stage });
  return make(HordeFailed, { job_uuid: jobUuid, reported_by: 'executor', message, reason, context });
}

const contextOf = (facts: object): JsonObject => toJsonValue(facts) as JsonObject;

const isJobReason = (reason: string): reason is JobFailureReason =>
  (JobFailureReason as readonly string[]).includes(reason);

// Errors of the library that runs jobs are recognised by their names: it is loaded only once there is a job.
const named = (error: unknown, name: string): error is Error => error instanceof Error && error.name === name;

/** What went wrong on this machine, or between it and the job, where a sentence says more than the error. */
function knownTrouble(error: unknown): HordeError | null {
  if (named(error, 'SecurityCheckFailed')) return errors.SECURITY_CHECK_FAILED(error.message);
  if (named(error, 'PluginError')) return errors.JOB_RUNNER_NOT_LOADED(error.message);
  for (const one of [error, (error as Error | null)?.cause]) {
    const { syscall, code, statusCode, json } = (one ?? {}) as EngineError;
    // All other connections tell of themselves.
    if (code && (syscall === 'connect' || isLost(code))) return errors.ENGINE_UNREACHABLE(code);
    // The engine's client cannot even ask for it: of what we ask for, only the image's name is the job's.
    if (code === 'ERR_UNESCAPED_CHARACTERS')
      return errors.JOB_REFUSED_BY_ENGINE('the name of its image holds characters that no name has.');
    // What the engine calls a bad request is what the job asked for: the rest of the request is ours.
    const says = json?.message ?? (one as Error | null)?.message ?? '';
    if (statusCode === 400) return errors.JOB_REFUSED_BY_ENGINE(says);
    if (statusCode !== undefined) return errors.ENGINE_REFUSED(says);
  }
  return null;
}

/** Whether a connection was there, and is no more. */
const isLost = (code: string): boolean => ['ECONNRESET', 'EPIPE'].includes(code);

type EngineError = NodeJS.ErrnoException & { statusCode?: number; json?: { message?: string } | null };

/** What a security check saw. */
const checkFacts = (error: unknown): object =>
  named(error, 'SecurityCheckFailed') ? { ...(error as SecurityCheckFailed).facts } : {};
