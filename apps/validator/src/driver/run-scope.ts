import type { Transaction } from '@horde/database';
import type { NewJob } from '@horde/protocol';
import type { Claim } from '../jobs/jobs.ts';
import type { Report } from '../jobs/outcome.ts';

/** Stores how the attempt ended. */
export type Conclude = (tx: Transaction) => Promise<void>;

/** What of a job's run an attempt's run works within. */
export interface RunScope {
  claim: Claim;
  request: NewJob;
  /** Ends the run, and leaves the job as it is. */
  signal: AbortSignal;
  /** Found as it is: an earlier run may have said anything up to the recorded stage. */
  resumed: boolean;
  /** When the current stage began. @unit ms since 1970 */
  since: number;
  /** Gives the job to another miner. @returns false when there is none; nothing is stored then */
  passOver: (conclude: Conclude) => Promise<boolean>;
  /** Takes the job from its miner, for another one or to wait. @returns how it ended, if it did */
  leave: (conclude: Conclude, report: Report) => Promise<Report | null>;
}
