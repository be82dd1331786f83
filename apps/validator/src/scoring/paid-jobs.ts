import type { Cycle } from '@horde/chain';
import type { ExecutorClass } from '@horde/protocol';

/** A finished job that its validator has paid for. */
export interface PaidJob {
  executorClass: ExecutorClass;
  minerHotkey: string;
  validatorHotkey: string;
  /** The uuid in its receipts. */
  jobUuid: string;
  /** A whole number. @unit executor-seconds */
  cost: number;
}

/** Which jobs of a cycle count. */
export abstract class PaidJobs {
  /** The jobs of all validators that finished in the cycle's blocks and were paid for, in an order that depends on them alone. */
  abstract of(cycle: Cycle): Promise<PaidJob[]>;
}
