import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database, GatheredBell, PreparedStatement } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { Pages, PageStore, type Page } from '@horde/receipts';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { MinerSettings } from '../settings.ts';
import { pageLine } from './receipt-rules.ts';
import type { StoredReceipt } from './stored-receipt.entity.ts';

/** How many are put on a page at once. */
const maxBatch = 500;
/** How long receipts are gathered: each job has three, and a page is read every few seconds at most. @unit ms */
const gathering = 500;
/** The pause before it is tried again where the folder could not be written to, or is another process's. @unit ms */
const retryPause = 5_000;

type Row = Pick<
  StoredReceipt,
  'job_uuid' | 'receipt_type' | 'payload' | 'validator_signature' | 'miner_signature'
>;

const withoutPage = new PreparedStatement<Row>(
  `select job_uuid, receipt_type, payload, validator_signature, miner_signature from receipt
   where page is null order by stored_at limit $1 for update skip locked`,
);

const putOnPages = new PreparedStatement(
  `update receipt set page = placed.page
   from unnest($1::uuid[], $2::text[], $3::bigint[]) as placed (job_uuid, receipt_type, page)
   where receipt.job_uuid = placed.job_uuid and receipt.receipt_type = placed.receipt_type`,
);

/**
 * Puts what the table of receipts holds on pages, each receipt once: its row has no page until its line is stored. Of
 * several processes with the same folder one does it, and when that one ends another takes over.
 */
@Injectable()
export class ReceiptPages implements BeforeApplicationShutdown {
  private readonly pages: Pages;
  private store: PageStore | null = null;
  /** Receipts that are on a page although their row does not know it: the transaction behind the line was lost. */
  private readonly written = new Map<string, number>();
  private work: Promise<void> | null = null;
  private again = false;
  private stopped = false;
  private retry: NodeJS.Timeout | undefined;
  private gathered: NodeJS.Timeout | undefined;
  private saysBusy = true;
  private failure: string | null = null;

  constructor(
    private readonly database: Database,
    private readonly config: MinerConfig,
    private readonly settings: MinerSettings,
    private readonly bell: GatheredBell,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.pages = new Pages(settings.receiptsRoot);
  }

  /** Whether there are pages at all. Without them receipts wait in the database. */
  get enabled(): boolean {
    return this.config.get('DYNAMIC_RECEIPT_TRANSFER_ENABLED') && !this.settings.isLocalMiner;
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.gathered) await this.settled();
    this.stopped = true;
    clearTimeout(this.retry);
    while (this.work) await this.work;
    await this.store?.close();
    this.store = null;
  }

  /** Receipts have been stored: they are put on a page together with those that come in the next moment. */
  stored(): void {
    this.gathered ??= setTimeout(() => this.ring(), gathering).unref();
  }

  /** There may be receipts without a page. */
  ring(): void {
    clearTimeout(this.gathered);
    this.gathered = undefined;
    this.again = true;
    if (this.work || this.stopped) return;
    this.work = this.writeAll()
      .then(
        () => {
          this.failure = null;
          if (this.enabled && !this.store) this.ringLater();
        },
        (error: Error) => {
          this.failed(error);
          this.ringLater();
        },
      )
      .finally(() => {
        this.work = null;
        if (this.again) this.ring(); // rung for while it failed
      });
  }

  /** The folder may be free, or the disk have room, in a while. */
  private ringLater(): void {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.ring(), retryPause).unref();
  }

  /** Resolves when what was stored until now is on a page, where this process is the one that does it. */
  async settled(): Promise<void> {
    this.ring();
    while (this.work) await this.work;
  }

  /** Why receipts could not be put on a page at the last attempt, without a full stop; null: they could. */
  get trouble(): string | null {
    return this.failure;
  }

  /** A page as it may be shown; null when there is none. */
  async page(page: number): Promise<Page | null> {
    return this.enabled ? this.pages.page(page) : null;
  }

  /** Compresses the pages that take no more receipts. @returns how many */
  async archive(): Promise<number> {
    return this.pages.archive();
  }

  /** Removes the pages from before a time. @param before ms since 1970 @returns how many */
  async evict(before: number): Promise<number> {
    return this.pages.evict(before);
  }

  /** Lets the receipts whose page is gone be put on one again. @returns how many receipts are without a page now */
  async prepare(): Promise<number> {
    const told = await this.database.manager.query<{ page: string }[]>(
      'select distinct page from receipt where page is not null',
    );
    // Looked at after that: the page of a receipt is there before its row tells of it.
    const there = new Set(await this.pages.pages());
    const gone = told.map(({ page }) => Number(page)).filter((page) => !there.has(page));
    await this.database.manager.query('update receipt set page = null where page = any ($1::bigint[])', [
      gone,
    ]);
    await this.settled();
    const [row] = await this.database.manager.query<[{ count: number }]>(
      'select count(*)::int as count from receipt where page is null',
    );
    return row.count;
  }

  /** Told once: it is tried again every few seconds. */
  private failed(error: Error): void {
    if (error.message === this.failure) return;
    this.failure = error.message;
    const { folder } = this.pages;
    this.logger.error({ error, folder }, 'receipts could not be put on a page, and wait in the database');
  }

  private async writeAll(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      if (!this.enabled || !(await this.open())) return;
      while (!this.stopped && (await this.writeSome()));
    }
  }

  /** @returns whether there may be more */
  private async writeSome(): Promise<boolean> {
    const rows = await this.database.transaction(async (tx) => {
      const found = await withoutPage.run(tx.manager, [maxBatch]);
      if (found.length === 0) return found;
      const pages = await Promise.all(found.map((row) => this.place(row)));
      await putOnPages.run(tx.manager, [
        found.map(({ job_uuid }) => job_uuid),
        found.map(({ receipt_type }) => receipt_type),
        pages,
      ]);
      return found;
    });
    for (const row of rows) this.written.delete(keyOf(row));
    if (rows.length > 0) this.bell.ring('receipts');
    return rows.length === maxBatch;
  }

  private async place(row: Row): Promise<number> {
    const key = keyOf(row);
    const page = this.written.get(key) ?? (await this.store!.append(pageLine(row)));
    this.written.set(key, page);
    return page;
  }

  private async open(): Promise<boolean> {
    if (this.store) return true;
    const store = await PageStore.open(this.pages, { durability: this.settings.receiptDurability });
    if (store) {
      // Without that, receipts could get a second line: better none for now.
      await this.recall().catch(async (error: unknown) => {
        await store.close();
        throw error;
      });
      this.store = store;
      this.logger.info({ folder: this.pages.folder }, 'receipts are put on pages');
    } else if (this.saysBusy) {
      this.saysBusy = false;
      this.logger.info({ folder: this.pages.folder }, 'another process puts receipts on pages');
    }
    return this.store !== null;
  }

  /** What the newest pages hold of the receipts that have no page: an earlier process ended in between. */
  private async recall(): Promise<void> {
    const rows = await this.database.manager.query<Row[]>(
      'select job_uuid, receipt_type from receipt where page is null',
    );
    if (rows.length === 0) return;
    const waiting = new Set(rows.map(keyOf));
    for (const page of (await this.pages.pages()).slice(-2)) {
      for await (const line of this.pages.lines(page)) {
        const key = keyOfLine(line);
        if (waiting.has(key)) this.written.set(key, page);
      }
    }
  }
}

const keyOf = ({ job_uuid, receipt_type }: Pick<Row, 'job_uuid' | 'receipt_type'>): string =>
  `${job_uuid} ${receipt_type}`;

const keyOfLine = (line: string): string => keyOf((JSON.parse(line) as { payload: Row }).payload);
