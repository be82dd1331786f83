import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { Logger } from '@horde/operations';
import { LOGGER } from '../ports.ts';
import { ReceiptPages } from './receipt-pages.ts';

/** How long receipts, pages and ended jobs are kept, as in ComputeHorde. @unit ms */
const keptFor = 2 * 86_400_000;

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
    const before = Date.now() - keptFor;
    const pages = await this.pages.evict(before);
    const receipts = await this.delete(
      `delete from receipt where stored_at < to_timestamp($1)
       and not exists (select from job where uuid = receipt.job_uuid and (slot_held or ended_at is null))`,
      before,
    );
    const jobs = await this.delete(
      'delete from job where ended_at < to_timestamp($1) and not slot_held',
      before,
    );
    if (receipts + jobs + pages > 0) this.logger.info({ receipts, jobs, pages }, 'old records were removed');
    return { receipts, jobs, pages };
  }

  private async delete(sql: string, before: number): Promise<number> {
    const [, count] = await this.database.manager.query<[unknown[], number]>(sql, [before / 1000]);
    return count;
  }
}
