import { Inject, Injectable } from '@nestjs/common';
import { doublingPause, inParallel, pause } from '@horde/async';
import { Database } from '@horde/database';
import { LOGGER, troubleLog, type Logger } from '@horde/operations';
import { pageAt, PageError, pageUrl, type ReceiptSource } from '@horde/receipts';
import { PageCheckpoints, type MinerPage } from './page-checkpoints.ts';
import { PageTransfer } from './page-transfer.ts';
import { TransferMetrics } from './transfer-metrics.ts';

/**
 * Pages that are older are not looked at. At the end of its window scoring needs finished receipts of 1,442 blocks, and the
 * started ones of jobs that began 330 blocks before: 5.9 hours. ComputeHorde's validators look back five. @unit ms
 */
const lookBack = 6 * 3_600_000;
/** How pages are read: so many at once, each request within so long (ms). Both as in ComputeHorde. */
const newest = { atOnce: 50, limit: 1_000 };
const newestAtFirst = { atOnce: 50, limit: 3_000 };
const older = { atOnce: 10, limit: 3_000 };
/** Receipts come on this page and the one before. The page before those may grow where a clock is slow. */
const activePages = 2;
const slowPages = 1;
/** How often the older pages are looked at. @unit ms */
const minute = 60_000;
/** A miner whose newest pages could not be read is asked again after a while. @unit ms */
const failurePauses = { first: 2_000, max: 60_000 };

type Reading = typeof newest;

/** What went wrong here, and not at a miner; null: nothing. */
type OwnError = Error | null;

/** Brings the receipts that miners show into the database: the newest at once, those of the last hours bit by bit. */
@Injectable()
export class ReceiptTransfer {
  /** By hotkey: how often in a row a miner's newest pages could not be read, and when it is asked again. */
  private readonly failing = new Map<string, { failures: number; again: number }>();

  constructor(
    private readonly database: Database,
    private readonly checkpoints: PageCheckpoints,
    private readonly pages: PageTransfer,
    private readonly metrics: TransferMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Reads all pages of the last hours once.
   *
   * @param miners default: those that have an address on the chain
   * @throws at the end, when the database or the chain could not be asked; what could be read is stored
   */
  async once(signal: AbortSignal, miners?: readonly ReceiptSource[]): Promise<void> {
    await this.checkpoints.load();
    const sources = miners ?? (await this.miners());
    const errors = [
      await this.readNewest(sources, newestAtFirst, signal),
      await this.readOlder(sources, signal),
    ];
    for (const error of errors) if (error) throw error;
  }

  /**
   * Reads all pages of the last hours, and the newest again and again.
   *
   * @param interval between the beginnings of two rounds. @unit ms
   * @param done is called after a round in which something could be read, or had not to be
   * @returns when the signal is aborted
   */
  async follow(
    interval: () => number,
    signal: AbortSignal,
    { miners, done }: { miners?: readonly ReceiptSource[]; done?: () => void } = {},
  ): Promise<void> {
    const sources = async () => miners ?? (await this.miners());
    let hasBegun = false;
    const readNewest = async () => {
      if (!hasBegun) await this.checkpoints.load();
      const error = await this.readNewest(await sources(), hasBegun ? newest : newestAtFirst, signal, done);
      hasBegun = true;
      return error;
    };
    const readOlder = async () => (hasBegun ? this.readOlder(await sources(), signal) : null);
    await Promise.all([
      this.repeat(readNewest, interval, signal),
      this.repeat(readOlder, () => (hasBegun ? minute : interval()), signal),
    ]);
  }

  private async repeat(
    work: () => Promise<OwnError>,
    interval: () => number,
    signal: AbortSignal,
  ): Promise<void> {
    const trouble = troubleLog((error) =>
      this.logger.error({ error }, 'receipts could not be fetched; it is tried again'),
    );
    while (!signal.aborted) {
      const began = performance.now();
      const error = await work().catch((error: Error) => error);
      if (error && !signal.aborted) trouble.is(error);
      else trouble.over();
      await pause(Math.max(0, began + interval() - performance.now()), signal).catch(() => undefined);
    }
  }

  private async miners(): Promise<ReceiptSource[]> {
    return this.database.manager.query('select hotkey, ip, port from miner where ip is not null');
  }

  private async readNewest(
    miners: readonly ReceiptSource[],
    reading: Reading,
    signal: AbortSignal,
    done?: () => void,
  ): Promise<OwnError> {
    this.metrics.miners.set(miners.length);
    const end = this.metrics.duration.startTimer();
    const current = pageAt(Date.now());
    await this.checkpoints.forget(pageAt(Date.now() - lookBack) - 1);
    const asked = miners.filter(({ hotkey }) => (this.failing.get(hotkey)?.again ?? 0) <= performance.now());
    let own: OwnError = null;
    let read = 0;
    for (let back = 0; back < activePages; back++) {
      await inParallel(asked, reading.atOnce, async (miner) => {
        const error = await this.read(pageOf(miner, current - back), reading.limit, signal);
        if (!error) {
          read++;
          this.failing.delete(miner.hotkey);
        } else if (error instanceof PageError) this.failed(miner.hotkey);
        else own ??= error;
      });
    }
    end();
    // Where no miner shows anything it is this side's network, as likely as not.
    if (!own && (read > 0 || miners.length === 0)) done?.();
    return own;
  }

  private async readOlder(miners: readonly ReceiptSource[], signal: AbortSignal): Promise<OwnError> {
    const first = pageAt(Date.now()) - activePages;
    const last = pageAt(Date.now() - lookBack);
    const silent = new Set<string>();
    let own: OwnError = null;
    for (let page = first; page >= last && !signal.aborted; page--) {
      this.metrics.catchupPagesLeft.set(page - last + 1);
      const wanted = miners
        .filter(({ hotkey }) => !silent.has(hotkey))
        .map((miner) => pageOf(miner, page))
        .filter((minerPage) => !this.checkpoints.isComplete(minerPage));
      const isRead = await inParallel(wanted, older.atOnce, async (minerPage) => {
        const error = await this.read(minerPage, older.limit, signal);
        if (error instanceof PageError) silent.add(minerPage.hotkey);
        else own ??= error;
        return error === null;
      });
      if (page <= first - slowPages) await this.checkpoints.complete(wanted.filter((_, at) => isRead[at]));
    }
    this.metrics.catchupPagesLeft.set(0);
    return own;
  }

  /** Reads a page to its end. @returns why not: a PageError when it is the miner's doing */
  private async read(page: MinerPage, limit: number, signal: AbortSignal): Promise<Error | null> {
    try {
      await this.pages.transfer(page, limit, signal);
      this.metrics.successfulTransfers.inc();
      return null;
    } catch (thrown) {
      const error = thrown as Error;
      if (signal.aborted) return error;
      const exc_type = error instanceof PageError ? error.kind : error.name;
      this.metrics.transferErrors.inc({ exc_type });
      this.logger.debug({ miner: page.hotkey, url: page.url }, `no receipts: ${error.message}`);
      return error;
    }
  }

  private failed(hotkey: string): void {
    const failures = (this.failing.get(hotkey)?.failures ?? 0) + 1;
    const again = performance.now() + doublingPause(failures, failurePauses);
    this.failing.set(hotkey, { failures, again });
  }
}

const pageOf = (miner: ReceiptSource, page: number): MinerPage => ({
  hotkey: miner.hotkey,
  page,
  url: pageUrl(miner, page),
});
