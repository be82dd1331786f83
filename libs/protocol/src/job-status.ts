import type { HordeFailureReason, JobStage, JobStatus } from './enums.ts';

/** What a job in a status waits for. */
interface Wait {
  /** For its user, after "waits until". */
  next: string;
  /** The stage of the executor's work that the job is in; null: none yet. */
  stage: JobStage | null;
  /** What its miner has to do, after "did not"; null: the wait is not for a miner. */
  minerMust: string | null;
  /** How the job ends when that does not come in time; null: the wait is not for a miner. */
  inVain: HordeFailureReason | null;
}

/** A status, in words. */
interface StatusFacts {
  /** Shown where there is room for two words. */
  label: string;
  /** What has happened. */
  happened: string;
  /** null: the job has ended, and nothing follows. */
  wait: Wait | null;
}

const ended = (label: string, happened: string): StatusFacts => ({ label, happened, wait: null });

/**
 * The statuses in the order in which a job passes them; a peer may leave some out. The page about a job's path, the
 * CLI, the validator's sentences and the labels of the facilitator are made from this table.
 */
export const jobStatuses = {
  sent: {
    label: 'Sent',
    happened: 'the facilitator has stored the job',
    wait: { next: 'the validator takes it', stage: null, minerMust: null, inVain: null },
  },
  received: {
    label: 'Received',
    happened: 'the validator has checked the signature',
    wait: {
      next: 'a miner accepts',
      stage: null,
      minerMust: 'accept or decline the job',
      inVain: 'initial_response_timed_out',
    },
  },
  accepted: {
    label: 'Accepted',
    happened: 'a miner has reserved an executor',
    wait: {
      next: 'the executor starts and prepares the image',
      stage: 'executor_startup',
      minerMust: 'report its executor ready',
      inVain: 'executor_readiness_response_timed_out',
    },
  },
  executor_ready: {
    label: 'Executor Ready',
    happened: 'the executor asks for the job',
    wait: {
      next: 'the input files arrive',
      stage: 'volume_download',
      minerMust: "report the job's files in place",
      inVain: 'volumes_timed_out',
    },
  },
  volumes_ready: {
    label: 'Volumes Ready',
    happened: 'the files are in `/volume`',
    wait: {
      next: 'the container ends',
      stage: 'execution',
      minerMust: 'report the end of the execution',
      inVain: 'execution_timed_out',
    },
  },
  streaming_ready: {
    label: 'Streaming Ready',
    happened: 'a streaming job listens',
    wait: {
      next: 'the container ends',
      stage: 'execution',
      minerMust: 'report the end of the execution',
      inVain: 'execution_timed_out',
    },
  },
  execution_done: {
    label: 'Execution Done',
    happened: 'the container ended with exit code 0',
    wait: {
      next: 'the result arrives',
      stage: 'result_upload',
      minerMust: 'send the results',
      inVain: 'final_response_timed_out',
    },
  },
  completed: ended('Completed', 'the result is there'),
  rejected: ended('Rejected', 'nobody took it'),
  failed: ended('Failed', 'it failed'),
  horde_failed: ended('Failed', 'the network failed'),
} as const satisfies Record<Exclude<JobStatus, 'unknown'>, StatusFacts>;

const facts = jobStatuses as Record<JobStatus, StatusFacts | undefined>;
const order = Object.keys(jobStatuses) as JobStatus[];

/** Words for people; of a status that nobody knows, too. */
export const statusLabel = (status: JobStatus): string => facts[status]?.label ?? 'Unknown';

/** What a job in this status waits for; null: for nothing that is known. */
export const waitOf = (status: JobStatus): Wait | null => facts[status]?.wait ?? null;

export const isTerminal = (status: JobStatus): boolean => facts[status]?.wait === null;

/** How a job has ended, in a sentence. @param why what was said of it; null: nothing */
export function endSentence(status: JobStatus, why: string | null): string {
  if (why) return why;
  if (status === 'completed') return 'It has completed: the result is there.';
  const happened = facts[status]?.happened ?? 'it has ended';
  return `${happened[0]!.toUpperCase()}${happened.slice(1)}, and nothing was said of why.`;
}

/**
 * Whether a job in status `from` may be told to be in `to`: forward on its path (steps may be missing, as
 * with older peers), or to an end; never back, never out of an end, never twice.
 */
export function mayFollow(from: JobStatus, to: JobStatus): boolean {
  if (isTerminal(from) || to === 'unknown') return false;
  return isTerminal(to) || order.indexOf(to) > order.indexOf(from);
}
