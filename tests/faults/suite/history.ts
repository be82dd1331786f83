import type { JobStatus } from '@horde/sdk';

/** A job whose creation was answered with 2xx, and what its user has heard of it. */
export interface UserJob {
  uuid: string;
  /** What it prints when it runs to its end. */
  prints: string;
  /** Its output as it was streamed, pieces in the order in which they came; null: its executor streams nothing. */
  streamed: string | null;
  /** How often a piece did not begin where the last one had ended. */
  breaks: number;
  /** Its last status as the facilitator tells it; null: it does not know the job. */
  end: JobStatus | null;
  /** Why it did not complete; null: it did, or has not ended. */
  reason: string | null;
  /** Whether the job has run to its end, whatever its exit code. */
  ran: boolean;
  /** Its result's standard output; null: it has none. */
  stdout: string | null;
}

/** The end of a job as a service's database had it when it was looked at. Told again only where it has changed. */
export interface SeenEnd {
  where: 'facilitator' | 'validator';
  job: string;
  status: JobStatus;
}

/** A miner that was asked to run a job. */
export interface Attempt {
  /** What the job is called towards that miner. */
  uuid: string;
  job: string;
}

export interface SeenReceipt {
  /** A service's database, or the miner's pages. */
  where: 'miner' | 'validator' | 'pages';
  /** The attempt's. */
  uuid: string;
  type: string;
  /** Whether it is worth anything to the miner: those of attempts that came to nothing say when they ended. */
  pays: boolean;
}

/** A fault that was healed. */
export interface Healing {
  fault: string;
  /** How long it took until a job completed. @unit ms; null: none did in time */
  progress: number | null;
}

/** All that a run leaves to be judged. */
export interface History {
  jobs: UserJob[];
  ends: SeenEnd[];
  attempts: Attempt[];
  /** By the attempt's uuid, one for each time that a job was started. */
  executions: string[];
  receipts: SeenReceipt[];
  /** What is looked at for being held, and what is held still, as sentences. */
  held: Looked;
  /** The same of what may be left behind. */
  left: Looked;
  /** The same of secrets and the logs that have them. */
  secrets: Looked;
  /** The same of cycles, and the weights for them that the chain does not have as they were computed. */
  weights: Looked;
  /** The same of what a miner has made up, and what came of it. */
  lies: Looked;
  healings: Healing[];
}

export interface Looked {
  /** How many things were looked at. */
  count: number;
  found: string[];
}
