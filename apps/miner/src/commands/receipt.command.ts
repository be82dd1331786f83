import { LastDone } from '@horde/metrics';
import { Command, Option } from 'nest-commander';
import { RandomReceipts } from '../receipts/random-receipts.ts';
import { ReceiptPages } from '../receipts/receipt-pages.ts';
import { OldRecords } from '../retention/old-records.ts';
import { MinerCommand } from './miner-command.ts';
import { UsageError } from '@horde/commands';

@Command({
  name: 'archive_receipt_pages',
  description: 'compress the receipt pages that take no more receipts, now',
})
export class ArchiveReceiptPages extends MinerCommand {
  override async run(): Promise<void> {
    const archived = await this.context.use((app) => app.get(ReceiptPages).archive());
    this.context.print(`Receipt pages compressed: ${archived}.`);
  }
}

@Command({
  name: 'evict_old_data',
  description: 'remove receipts, their pages and ended jobs that are older than two days, now',
})
export class EvictOldData extends MinerCommand {
  override async run(): Promise<void> {
    const { receipts, jobs, pages } = await this.context.use(async (app) => {
      const evicted = await app.get(OldRecords).evict();
      await app.get(LastDone).note('retention');
      return evicted;
    });
    this.context.print(`Removed: ${receipts} receipts, ${jobs} jobs, ${pages} receipt pages.`);
  }
}

@Command({
  name: 'prepare_receipts',
  description: 'put the receipts of the database on pages, those whose page is gone included',
})
export class PrepareReceipts extends MinerCommand {
  override async run(): Promise<void> {
    const { left, enabled, trouble } = await this.context.use(async (app) => {
      const pages = app.get(ReceiptPages);
      return { left: await pages.prepare(), enabled: pages.enabled, trouble: pages.trouble };
    });
    const { print } = this.context;
    if (!enabled) return print('No receipt pages are written: DYNAMIC_RECEIPT_TRANSFER_ENABLED is false.');
    if (left === 0) return print('All receipts are on pages.');
    if (trouble !== null) throw new Error(notWritten(left, trouble));
    print(`${left} receipts are not on a page yet; the running miner puts them there within seconds.`);
  }
}

@Command({
  name: 'debug_create_random_receipts',
  arguments: '<count>',
  argsDescription: { count: 'how many' },
  description: 'store made-up receipts, signed by test keys, to try out their transfer',
})
export class DebugCreateRandomReceipts extends MinerCommand {
  override async run([words = '']: string[], { interval = 0 }: { interval?: number } = {}): Promise<void> {
    const count = Number(words);
    if (!Number.isInteger(count) || count < 1)
      throw new UsageError(`"${words}" is not a number of receipts.`);
    const trouble = await this.context.use(async (app) => {
      await app.get(RandomReceipts).create(count, interval);
      await app.get(ReceiptPages).settled();
      return app.get(ReceiptPages).trouble;
    });
    this.context.print(`Receipts stored: ${count}.`);
    if (trouble !== null) throw new Error(notWritten(count, trouble));
  }

  @Option({ flags: '--interval <seconds>', description: 'the pause between two of them (default: none)' })
  interval(words: string): number {
    const seconds = Number(words);
    if (words.trim() === '' || !Number.isFinite(seconds) || seconds < 0)
      throw new UsageError(`"${words}" is not a number of seconds.`);
    return seconds;
  }
}

const notWritten = (count: number, trouble: string): string =>
  `Receipts that are not on a page: ${count}. They are in the database; LOCAL_RECEIPTS_ROOT cannot be used: ${trouble}.`;
