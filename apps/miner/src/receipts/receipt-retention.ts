import { Inject, Injectable } from '@nestjs/common';
import { Database, inBatches } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { ReceiptPages } from './receipt-pages.ts';

/** How long receipts, pages and ended jobs are kept, as in ComputeHorde. @unit ms */
const keptFor = 2 * 86_400_000;
/** How many are removed in one statement. */
const batch = 1_000;

/** How much was removed. */
export interface Evicted {
  receipts: number;
  jobs: number;
  pages: number;
}

/** Removes what is older than two days. */
@Injectable()
export class ReceiptRetention {
  constructor(
    private readonly database: Database,
    private readonly pages: ReceiptPages,
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
    if (receipts + jobs + pages > 0) this.logger.info({ receipts, jobs, pages }, 'old records were removed');
    return { receipts, jobs, pages };
  }

  /**
   * Repeats a statement until nothing is left. The times of rows are the database's, so it knows their age: this machine's
   * clock may have jumped. @returns how many it found
   */
  private all(sql: string): Promise<number> {
    return inBatches(batch, async (most) => {
      const [{ count }] = await this.database.manager.query<[{ count: number }]>(sql, [
        keptFor / 1_000,
        most,
      ]);
      return count;
    });
  }
}
