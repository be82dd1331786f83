import {
  executorClasses,
  isTerminal,
  waitOf,
  type HordeFailureReason,
  type JobStatus,
  type NewJob,
} from '@horde/protocol';

/** The limits, beside those that a job brings along, that this validator sets. @unit seconds */
export interface StageLimits {
  /** For a miner to accept or decline. */
  reservation: number;
  /** For an executor to be ready, beyond its class's spin-up time. */
  startup: number;
  /** Added once to the limits of the job's own stages. */
  leeway: number;
}

type Limits = Pick<
  NewJob,
  | 'executor_class'
  | 'download_time_limit'
  | 'execution_time_limit'
  | 'upload_time_limit'
  | 'streaming_start_time_limit'
  | 'streaming_details'
>;

/** No stage is waited for longer: 30 days, the longest time that a receipt can tell of. @unit seconds */
const maxStage = 2_592_000;

const clampSeconds = (seconds: number): number => Math.min(Math.max(0, seconds), maxStage);

/** The statuses that a job passes on its way; the miner reports each but the first. */
export const jobPath = (streaming: boolean): JobStatus[] => [
  'received',
  'accepted',
  'executor_ready',
  'volumes_ready',
  ...(streaming ? (['streaming_ready'] as const) : []),
  'execution_done',
  'completed',
];

/**
 * The statuses that a job in `status` passes when its miner reports `reported`. Of a stage that was reported late or
 * not at all, a later one is proof; but nothing that comes after the executor is ready can be true before the job
 * itself was sent, and streaming is not ready before its address is known. Empty: the report changes nothing.
 */
export function stepsTo(status: JobStatus, reported: JobStatus, streaming: boolean): JobStatus[] {
  const path = jobPath(streaming);
  const from = path.indexOf(status);
  const to = path.indexOf(reported);
  if (isTerminal(status) || from < 0 || to <= from) return [];
  if (to > path.indexOf('executor_ready') && from < path.indexOf('executor_ready')) return [];
  return path.slice(from + 1, to + 1).filter((step) => step !== 'streaming_ready' || step === reported);
}

/** Until when the miner must accept or decline. @param now when it was chosen. @unit ms since 1970, as the result */
export const acceptBy = (limits: StageLimits, now: number): number =>
  now + clampSeconds(limits.reservation) * 1000;

/**
 * Until when the miner must report what follows `status`, as ComputeHorde's validator counts: from the moment the
 * executor is ready, time that a stage leaves unused carries over to the next.
 *
 * @param before the deadline of the stage that has just ended; null for the first
 * @param now when it ended. @unit ms since 1970, as the result
 */
export function deadlineAfter(
  status: JobStatus,
  job: Limits,
  limits: StageLimits,
  before: number | null,
  now: number,
): number {
  const seconds = (value: number) => clampSeconds(value) * 1000;
  const carried = before ?? now;
  switch (status) {
    case 'received':
      return acceptBy(limits, now);
    case 'accepted':
      return now + seconds(executorClasses[job.executor_class].spinUpTime + limits.startup);
    case 'executor_ready':
      return now + seconds(limits.leeway) + seconds(job.download_time_limit);
    case 'volumes_ready':
      return (
        carried + seconds(job.streaming_details ? job.streaming_start_time_limit : job.execution_time_limit)
      );
    case 'streaming_ready':
      return carried + seconds(job.execution_time_limit);
    case 'execution_done':
      return carried + seconds(job.upload_time_limit);
    default:
      throw new Error(`A job in status ${status} waits for nothing.`);
  }
}

/** What the miner of a job in `status` has to do, after "did not", and how the job ends when it does not. */
export function awaited(status: JobStatus, streaming: boolean): { what: string; reason: HordeFailureReason } {
  if (streaming && status === 'volumes_ready')
    return { what: 'report where the running job listens', reason: 'streaming_job_ready_timed_out' };
  const { minerMust, inVain } = waitOf(status) ?? {};
  if (!minerMust || !inVain) throw new Error(`A job in status ${status} does not wait for a miner.`);
  return { what: minerMust, reason: inVain };
}

/** How long the accepted receipt counts: as long as the job may take at most from then on. @unit seconds */
export function acceptedReceiptTtl(job: Omit<Limits, 'streaming_details'>, limits: StageLimits): number {
  const stages = [
    executorClasses[job.executor_class].spinUpTime,
    limits.startup,
    limits.leeway,
    job.download_time_limit,
    job.execution_time_limit,
    job.upload_time_limit,
    job.streaming_start_time_limit,
  ];
  return clampSeconds(stages.reduce((sum, seconds) => sum + clampSeconds(seconds), 0));
}

/** The score of a job that did not complete, and of any on the trusted miner. */
const noScore = '0.000000';

/** What a job costs: the executor-seconds that it may take. */
export const costOf = (
  job: Pick<Limits, 'download_time_limit' | 'execution_time_limit' | 'upload_time_limit'>,
): number =>
  clampSeconds(job.download_time_limit) +
  clampSeconds(job.execution_time_limit) +
  clampSeconds(job.upload_time_limit);

/** What a miner is paid for the time that a cancelled job took. @param used executor-seconds */
export const scoreOfUsed = (used: number): string => used.toFixed(6);

/** What a completed job is worth to its miner: what it costs. */
export const scoreOf = (job: Limits & Pick<NewJob, 'on_trusted_miner'>): string =>
  job.on_trusted_miner ? noScore : costOf(job).toFixed(6);
