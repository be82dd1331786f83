import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@horde/database';
import type { ReceiptPage } from './receipt-page.entity.ts';

/** A page of a miner. */
export interface MinerPage {
  hotkey: string;
  url: string;
  page: number;
}

type Checkpoint = Pick<ReceiptPage, 'page' | 'bytes' | 'is_complete'>;

/**
 * How far the pages of miners have been read. In the database it changes with the receipts in one transaction, and never
 * back; the copy in memory is that of the one process that reads pages, and may be behind where there are two for a moment:
 * then something is read twice.
 */
@Injectable()
export class PageCheckpoints {
  private checkpoints = new Map<string, Checkpoint>();
  private oldest = 0;

  constructor(private readonly database: Database) {}

  /** Reads what is stored. */
  async load(): Promise<void> {
    const rows = await this.database.manager.query<ReceiptPage[]>('select * from receipt_page');
    this.checkpoints = new Map(
      rows.map((row) => [keyOf({ ...row, hotkey: row.miner_hotkey }), row] as const),
    );
  }

  /** Pages before this one are not read any more. */
  async forget(oldest: number): Promise<void> {
    if (oldest === this.oldest) return;
    await this.database.manager.query('delete from receipt_page where page < $1', [oldest]);
    for (const [key, { page }] of this.checkpoints) if (page < oldest) this.checkpoints.delete(key);
    this.oldest = oldest;
  }

  /** @unit bytes */
  bytesOf(page: MinerPage): number {
    return this.checkpoints.get(keyOf(page))?.bytes ?? 0;
  }

  isComplete(page: MinerPage): boolean {
    return this.checkpoints.get(keyOf(page))?.is_complete ?? false;
  }

  /** Notes that a page was read up to here. */
  async advance(tx: Transaction, page: MinerPage, bytes: number): Promise<void> {
    await tx.manager.query(
      `insert into receipt_page (miner_hotkey, url, page, bytes) values ($1, $2, $3, $4)
       on conflict (miner_hotkey, url) do update set bytes = greatest(receipt_page.bytes, excluded.bytes)`,
      [page.hotkey, page.url, page.page, bytes],
    );
    tx.afterCommit(() =>
      this.checkpoints.set(keyOf(page), {
        page: page.page,
        bytes: Math.max(bytes, this.bytesOf(page)),
        is_complete: this.isComplete(page),
      }),
    );
  }

  /** Notes that nothing more will come on these pages. */
  async complete(pages: readonly MinerPage[]): Promise<void> {
    if (pages.length === 0) return;
    await this.database.manager.query(
      `insert into receipt_page (miner_hotkey, url, page, bytes, is_complete)
       select *, 0, true from unnest($1::text[], $2::text[], $3::integer[])
       on conflict (miner_hotkey, url) do update set is_complete = true`,
      [pages.map(({ hotkey }) => hotkey), pages.map(({ url }) => url), pages.map(({ page }) => page)],
    );
    for (const page of pages)
      this.checkpoints.set(keyOf(page), { page: page.page, bytes: this.bytesOf(page), is_complete: true });
  }
}

const keyOf = ({ hotkey, url }: Pick<MinerPage, 'hotkey' | 'url'>): string => `${hotkey} ${url}`;
