import { Injectable } from '@nestjs/common';
import { Database, PreparedStatement } from '@horde/database';
import type { ExecutorClass } from '@horde/protocol';
import type { EntityManager } from 'typeorm';

/** A finished job as its receipts tell of it. */
export interface FinishedJob {
  jobUuid: string;
  validatorHotkey: string;
  minerHotkey: string;
  executorClass: ExecutorClass;
  /** When the validator asked the miner. @unit ms since 1970, with microseconds */
  startedAt: number;
  /** What the miner is to be paid; null: the receipt's score cannot be read. @unit executor-seconds */
  cost: number | null;
  /** The blocks whose allowance pays for it, as the receipt lists them. */
  blocks: number[];
}

const busy = new PreparedStatement<{ executor_class: ExecutorClass; miner_hotkey: string; count: number }>(`
  select started.executor_class, miner_hotkey, count(*)::int as count
  from (
    select distinct job_uuid, validator_hotkey, miner_hotkey from receipt
    where expires_at >= $1 and timestamp <= $1 and validator_hotkey <> $2
  ) running
  join receipt started using (job_uuid, validator_hotkey, miner_hotkey)
  where started.receipt_type = 'JobStartedReceipt'
    and not exists (
      select from receipt finished
      where finished.receipt_type = 'JobFinishedReceipt' and finished.timestamp <= $1
        and finished.job_uuid = running.job_uuid
        and finished.validator_hotkey = running.validator_hotkey
        and finished.miner_hotkey = running.miner_hotkey
    )
  group by started.executor_class, miner_hotkey`);

/** What the receipts of all validators say. */
@Injectable()
export class ReceiptQueries {
  constructor(private readonly database: Database) {}

  /**
   * How many executors of each class each miner has in use at a time, as ComputeHorde's router counts: jobs whose started or
   * accepted receipt counts then (from its time until its time-to-live has passed, both included), and that have no
   * finished receipt by then. A job counts once.
   *
   * @param manager of the transaction whose receipts are to be seen
   * @param otherThan without the jobs of the validator with this hotkey @default with those of all validators
   * @returns by class, then by hotkey; a miner without a running job is not in it
   */
  async busyExecutors(
    at: Date,
    manager: EntityManager = this.database.manager,
    otherThan = '',
  ): Promise<Map<ExecutorClass, Map<string, number>>> {
    const rows = await busy.run(manager, [at, otherThan]);
    const counts = (those: typeof rows) =>
      new Map(those.map(({ miner_hotkey, count }) => [miner_hotkey, count]));
    const byClass = Map.groupBy(rows, ({ executor_class }) => executor_class);
    return new Map([...byClass].map(([executorClass, those]) => [executorClass, counts(those)]));
  }

  /**
   * The organic jobs with a finished receipt of this time range and a started one, in the order in which they are to be
   * paid: by the time of the finished receipt, then job, validator and miner. It is the same at every validator that has
   * the same receipts.
   *
   * @param from the first moment
   * @param to the first moment after it
   */
  async finishedBetween(from: Date, to: Date): Promise<FinishedJob[]> {
    return this.database.manager.query<FinishedJob[]>(
      `select job_uuid as "jobUuid", validator_hotkey as "validatorHotkey", miner_hotkey as "minerHotkey",
         started.executor_class as "executorClass",
         extract(epoch from started.timestamp)::float8 * 1000 as "startedAt",
         finished.score::float8 as cost, to_json(finished.block_numbers) as blocks
       from receipt finished join receipt started using (job_uuid, validator_hotkey, miner_hotkey)
       where finished.receipt_type = 'JobFinishedReceipt' and started.receipt_type = 'JobStartedReceipt'
         and started.is_organic and finished.timestamp >= $1 and finished.timestamp < $2
       order by finished.timestamp, job_uuid, validator_hotkey collate "C", miner_hotkey collate "C"`,
      [from, to],
    );
  }
}
