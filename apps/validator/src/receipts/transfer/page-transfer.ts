import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Database } from '@horde/database';
import { PageReader, splitLines } from '@horde/receipts';
import { storeReceipts } from '../store-receipts.ts';
import { PageCheckpoints, type MinerPage } from './page-checkpoints.ts';
import { ReceiptVerifier } from './receipt-verifier.ts';
import { TransferMetrics } from './transfer-metrics.ts';

/** A receipt with as many blocks as it may have is half as long. @unit bytes */
const maxLine = 256 * 1_024;
/** So much of a page is read, verified and stored in one go. @unit bytes */
const maxPart = 1_024 * 1_024;
/** What a miner puts on a page behind that is not read: room for about 20,000 receipts in five minutes. @unit bytes */
const maxPage = 16 * 1_024 * 1_024;

/** Brings receipts from a miner's page into the database. */
@Injectable()
export class PageTransfer implements OnApplicationShutdown {
  /** In a simulation pages are in memory. */
  protected readonly reader: Pick<PageReader, 'read' | 'close'> = new PageReader();

  constructor(
    private readonly database: Database,
    private readonly checkpoints: PageCheckpoints,
    private readonly verifier: ReceiptVerifier,
    private readonly metrics: TransferMetrics,
  ) {}

  /**
   * Fetches what is new on a page, to its end. What has come before something fails is stored.
   *
   * @param limit how long one request may take. @unit ms
   * @throws PageError of the miner; an error of the database or the chain
   */
  async transfer(page: MinerPage, limit: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const offset = this.checkpoints.bytesOf(page);
      if (offset >= maxPage) return;
      const { bytes, rest } = await this.reader.read(new URL(page.url), {
        offset,
        maxBytes: maxPart,
        signal: AbortSignal.any([signal, AbortSignal.timeout(limit)]),
      });
      const { lines, tooLong, consumed } = splitLines(bytes, maxLine);
      const { receipts, faults, isPage } = await this.verifier.verify(lines, page.hotkey);
      if (consumed > 0)
        await this.database.transaction(async (tx) => {
          await storeReceipts(tx.manager, receipts);
          await this.checkpoints.advance(tx, page, isPage ? offset + consumed : maxPage);
        });
      this.metrics.receipts.inc(receipts.length);
      for (const exc_type of faults) this.metrics.lineErrors.inc({ exc_type });
      if (tooLong > 0) this.metrics.lineErrors.inc({ exc_type: 'LineTooLong' }, tooLong);
      if (rest === 'none') return;
      if (rest !== 'more') throw rest;
    }
  }

  onApplicationShutdown(): void {
    this.reader.close();
  }
}
