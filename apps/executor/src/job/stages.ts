import type { ExecutorTiming, JobStage } from '@horde/protocol';

/** The stages of a job, in order; only a streaming job has `streaming_startup`. */
export type Stage = Exclude<JobStage, 'unknown'>;

/** What the engine may take to make and start the container: not the job's time. @unit seconds */
const containerStart = 1;

/** When each stage after readiness has to be over. @unit seconds since the executor said that it is ready */
export interface StageLimits extends Record<Exclude<Stage, 'executor_startup'>, number> {
  /** The most that the container may take of it, its start included. @unit seconds */
  container: number;
}

/** The facts of an initial request that decide how long a job may take. */
export interface TimeRules {
  executor_timing: ExecutorTiming | null;
  /** One limit for everything, of validators that send no timing. @unit seconds */
  timeout_seconds: number | null;
  streaming_details: object | null;
}

/**
 * How long a job may take, by ComputeHorde's rule: limits add up, so that the time a stage leaves over is the next
 * one's. The container alone has no more than its own limit.
 *
 * The validator's clock runs by the same limits. A fifth of the leeway, at most a second, is kept for the way of the
 * message, so that an overrun is reported by whom it happened to, before its own clock ends the job.
 *
 * @returns null when the request says nothing about time
 */
export function stageLimits({
  executor_timing: timing,
  timeout_seconds: total,
  streaming_details,
}: TimeRules): StageLimits | null {
  if (timing) {
    const streaming = streaming_details ? timing.streaming_start_time_limit : 0;
    const kept = Math.min(1, Math.max(0, timing.allowed_leeway) / 5);
    const download = timing.allowed_leeway - kept + timing.download_time_limit;
    const execution = download + streaming + timing.execution_time_limit;
    return {
      volume_download: download,
      streaming_startup: download + streaming,
      execution,
      result_upload: execution + timing.upload_time_limit,
      container: containerStart + streaming + timing.execution_time_limit,
    };
  }
  if (total === null) return null;
  return {
    volume_download: total,
    streaming_startup: total,
    execution: total,
    result_upload: total,
    container: total,
  };
}
