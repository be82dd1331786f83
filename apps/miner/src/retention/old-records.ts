import { Inject, Injectable } from '@nestjs/common';
import { Database, inBatches } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { MinerSettings } from '../settings.ts';
import { removeOldLogs } from './executor-logs.ts';
import { ReceiptPages } from '../receipts/receipt-pages.ts';

/** How long receipts, pages and ended jobs are kept, as in ComputeHorde. @unit ms */
export const keptFor = 2 * 86_400_000;
/** How long validators are known that may not send jobs any more. @unit ms */
export const validatorsKeptFor = 30 * 86_400_000;
/** How many are removed in one statement. */
const batch = 1_000;

/** How much was removed. */
export interface Evicted {
  receipts: number;
  jobs: number;
  pages: number;
}

/** Removes what is older than two days, and validators that have not been active for thirty. */
@Injectable()
export class OldRecords {
  constructor(
    private readonly database: Database,
    private readonly pages: ReceiptPages,
    private readonly settings: MinerSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Removes old pages, receipts and ended jobs. What a job that holds an executor needs stays. */
  async evict(): Promise<Evicted> {
    const pages = await this.pages.evict(Date.now() - keptFor);
    const receipts = await this.all(
      `with gone as (
         delete from receipt where ctid = any (array(
           select ctid from receipt where stored_at < now() - make_interval(secs => $1)
           and not exists (select from job where uuid = receipt.job_uuid and (slot_held or ended_at is null))
           limit $2
         )) returning 1
       )
       select count(*)::int as count from gone`,
    );
    // With a job goes what its validator was to be sent: nobody else would ever remove that.
    const jobs = await this.all(
      `with gone as (
         delete from job where uuid = any (array(
           select uuid from job where ended_at < now() - make_interval(secs => $1) and not slot_held limit $2
         )) returning uuid
       ), untold as (
         delete from outbox using gone where subject = gone.uuid::text
       )
       select count(*)::int as count from gone`,
    );
    // Whom somebody has added or blacklisted stays so, whatever the chain says.
    const validators = await this.all(
      `with gone as (
         delete from validator where ctid = any (array(
           select ctid from validator where inactive_since < now() - make_interval(secs => $1)
           and not active and not debug and not blacklisted limit $2
         )) returning 1
       )
       select count(*)::int as count from gone`,
      validatorsKeptFor,
    );
    const { executorLogFolder } = this.settings;
    const logs = executorLogFolder ? await removeOldLogs(executorLogFolder, Date.now() - keptFor) : 0;
    if (receipts + jobs + pages + validators + logs > 0)
      this.logger.info({ receipts, jobs, pages, validators, logs }, 'old records were removed');
    return { receipts, jobs, pages };
  }

  /**
   * Repeats a statement until nothing is left. The times of rows are the database's, so it knows their age: this machine's
   * clock may have jumped. @returns how many it found
   */
  private all(sql: string, age = keptFor): Promise<number> {
    return inBatches(batch, async (most) => {
      const [{ count }] = await this.database.manager.query<[{ count: number }]>(sql, [age / 1_000, most]);
      return count;
    });
  }
}
