import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { LastDone } from '@horde/metrics';
import { LOGGER, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { schedule } from './schedule.ts';
import { ReceiptPages } from '../receipts/receipt-pages.ts';
import { OldRecords } from '../retention/old-records.ts';

/** How often receipts without a page are looked for without being rung for: a command may have stored them. @unit ms */
const sweepInterval = 30_000;
/** How often complete pages are compressed, as in ComputeHorde. @unit ms */
const archiveInterval = 60_000;
/** How often old records are removed. @unit ms */
const evictInterval = 3_600_000;

/** What is done for receipts without being asked. */
@Injectable()
export class ReceiptSchedules implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private sweep: NodeJS.Timeout | undefined;

  constructor(
    private readonly pages: ReceiptPages,
    private readonly retention: OldRecords,
    private readonly lastDone: LastDone,
    private readonly queues: Queues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.sweep = setInterval(() => this.pages.ring(), sweepInterval).unref();
    this.pages.ring();
    await schedule(this.queues, this.logger, {
      name: 'receipt-archive',
      interval: archiveInterval,
      retryPause: archiveInterval,
      work: async () => void (await this.pages.archive()),
      failed: 'receipt pages could not be compressed',
    });
    await this.lastDone.expect('retention');
    await schedule(this.queues, this.logger, {
      name: 'eviction',
      interval: evictInterval,
      retryPause: archiveInterval,
      work: async () => {
        await this.retention.evict();
        await this.lastDone.note('retention');
      },
      failed: 'old records could not be removed',
    });
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.sweep);
  }
}
