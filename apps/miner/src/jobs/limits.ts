import { executorClasses, type InitialJobRequest } from '@horde/protocol';

/** What is added to an executor's time to connect: for the process itself and the network. @unit seconds */
const connectMargin = 10;
/** What a job may take beyond all its limits before it is ended by force. @unit seconds */
const deadlineMargin = 60;
/** Limits are held to a year each, so that their sum is always a time. @unit seconds */
const maxLimit = 31_536_000;

/** Until when, from its acceptance, an executor must have connected. @param startupTimeLimit seconds @unit seconds */
export const connectLimit = (
  executorClass: InitialJobRequest['executor_class'],
  startupTimeLimit: number,
): number => executorClasses[executorClass].spinUpTime + startupTimeLimit + connectMargin;

/**
 * After which time, from its acceptance, a job is ended by force: never before all its own limits have passed.
 * @param startupTimeLimit seconds
 * @param maxExecutorAge what a job that names no limits may take. @unit seconds
 * @unit seconds
 */
export function hardLimit(
  request: InitialJobRequest,
  startupTimeLimit: number,
  maxExecutorAge: number,
): number {
  const { executor_timing: timing, timeout_seconds: timeout } = request;
  const run = timing
    ? [
        timing.allowed_leeway,
        timing.download_time_limit,
        timing.execution_time_limit,
        timing.upload_time_limit,
        timing.streaming_start_time_limit,
      ]
    : [timeout ?? maxExecutorAge];
  const seconds = run.reduce((sum, limit) => sum + Math.min(Math.max(limit, 0), maxLimit), 0);
  return connectLimit(request.executor_class, startupTimeLimit) + seconds + deadlineMargin;
}
