import { Inject, Injectable } from '@nestjs/common';
import { doublingPause, inParallel, pause } from '@horde/async';
import { Database } from '@horde/database';
import { LOGGER, troubleLog, type Logger } from '@horde/operations';
import { pageAt, PageError } from '@horde/receipts';
import { PageCheckpoints, type MinerPage } from './page-checkpoints.ts';
import { PageTransfer } from './page-transfer.ts';
import { pageUrl, type ReceiptSource } from './receipt-source.ts';
import { TransferMetrics } from './transfer-metrics.ts';

/** Pages that are older are not looked at, as in ComputeHorde. @unit ms */
const lookBack = 5 * 3_600_000;
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

/** Brings the receipts that miners show into the database: the newest at once, those of the last hours bit by bit. */
@Injectable()
export class ReceiptTransfer {
  private readonly trouble = troubleLog((error) =>
    this.logger.error({ error }, 'receipts could not be fetched; it is tried again'),
  );
  /** By hotkey: how often in a row a miner's newest pages could not be read, and when it is asked again. */
  private readonly failing = new Map<string, { failures: number; again: number }>();

  constructor(
    private readonly database: Database,
    private readonly checkpoints: PageCheckpoints,
    private readonly pages: PageTransfer,
    private readonly metrics: TransferMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Reads all pages of the last hours once. @param miners default: those that have an address on the chain */
  async once(signal: AbortSignal, miners?: readonly ReceiptSource[]): Promise<void> {
    await this.loadCheckpoints();
    const sources = miners ?? (await this.miners());
    await this.readNewest(sources, newestAtFirst, signal);
    await this.readOlder(sources, signal);
  }

  /**
   * Reads all pages of the last hours, and the newest again and again.
   *
   * @param interval between the beginnings of two rounds. @unit ms
   * @returns when the signal is aborted
   */
  async follow(
    interval: () => number,
    signal: AbortSignal,
    miners?: readonly ReceiptSource[],
  ): Promise<void> {
    const sources = async () => miners ?? (await this.miners());
    await this.untilItWorks(async () => {
      await this.loadCheckpoints();
      await this.readNewest(await sources(), newestAtFirst, signal);
    }, signal);
    const repeat = async (work: () => Promise<void>, every: () => number) => {
      while (!signal.aborted) {
        const began = performance.now();
        await this.untilItWorks(work, signal);
        await pause(Math.max(0, began + every() - performance.now()), signal).catch(() => undefined);
      }
    };
    await Promise.all([
      repeat(async () => this.readNewest(await sources(), newest, signal), interval),
      repeat(
        async () => this.readOlder(await sources(), signal),
        () => minute,
      ),
    ]);
  }

  private loadCheckpoints(): Promise<void> {
    return this.checkpoints.load(pageAt(Date.now() - lookBack) - 1);
  }

  private async miners(): Promise<ReceiptSource[]> {
    return this.database.manager.query('select hotkey, ip, port from miner where ip is not null');
  }

  private async readNewest(
    miners: readonly ReceiptSource[],
    reading: Reading,
    signal: AbortSignal,
  ): Promise<void> {
    this.metrics.miners.set(miners.length);
    const end = this.metrics.duration.startTimer();
    const current = pageAt(Date.now());
    const asked = miners.filter(({ hotkey }) => (this.failing.get(hotkey)?.again ?? 0) <= performance.now());
    for (let back = 0; back < activePages; back++) {
      await inParallel(asked, reading.atOnce, async (miner) => {
        const isRead = await this.tryPage(pageOf(miner, current - back), reading.limit, signal);
        if (isRead) this.failing.delete(miner.hotkey);
        else this.failed(miner.hotkey);
      });
    }
    end();
  }

  private async readOlder(miners: readonly ReceiptSource[], signal: AbortSignal): Promise<void> {
    const first = pageAt(Date.now()) - activePages;
    const last = pageAt(Date.now() - lookBack);
    let answering = miners;
    for (let page = first; page >= last && !signal.aborted; page--) {
      this.metrics.catchupPagesLeft.set(page - last + 1);
      const wanted = answering
        .map((miner) => pageOf(miner, page))
        .filter((minerPage) => !this.checkpoints.isComplete(minerPage));
      const isRead = await inParallel(wanted, older.atOnce, (minerPage) =>
        this.tryPage(minerPage, older.limit, signal),
      );
      if (page <= first - slowPages) await this.checkpoints.complete(wanted.filter((_, at) => isRead[at]));
      const silent = new Set(wanted.filter((_, at) => !isRead[at]).map(({ hotkey }) => hotkey));
      answering = answering.filter(({ hotkey }) => !silent.has(hotkey));
    }
    this.metrics.catchupPagesLeft.set(0);
  }

  /** @returns whether the page was read to its end */
  private async tryPage(page: MinerPage, limit: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.pages.transfer(page, limit, signal);
      this.metrics.successfulTransfers.inc();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      const isOfMiner = error instanceof PageError;
      this.metrics.transferErrors.inc({ exc_type: isOfMiner ? error.kind : (error as Error).name });
      if (isOfMiner) this.logger.debug({ peer: page.hotkey, url: page.url }, `no receipts: ${error.message}`);
      else this.trouble.is(error);
      return false;
    }
  }

  private failed(hotkey: string): void {
    const failures = (this.failing.get(hotkey)?.failures ?? 0) + 1;
    const again = performance.now() + doublingPause(failures, failurePauses);
    this.failing.set(hotkey, { failures, again });
  }

  /** What fails here is ours, the database or the chain: it is tried again. */
  private async untilItWorks(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await work();
        return this.trouble.over();
      } catch (error) {
        if (signal.aborted) return;
        this.trouble.is(error);
        await pause(doublingPause(failures, failurePauses), signal).catch(() => undefined);
      }
    }
  }
}

const pageOf = (miner: ReceiptSource, page: number): MinerPage => ({
  hotkey: miner.hotkey,
  page,
  url: pageUrl(miner, page),
});
