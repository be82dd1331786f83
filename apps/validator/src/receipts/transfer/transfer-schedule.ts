import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { pause } from '@horde/async';
import { Database, Lease } from '@horde/database';
import { LastDone } from '@horde/metrics';
import { LOGGER, type Logger } from '@horde/operations';
import { ValidatorConfig } from '../../dynamic-config/validator-config.ts';
import { ReceiptTransfer } from './receipt-transfer.ts';

/** How often it is looked whether receipts are to be fetched. @unit ms */
const lookPause = 2_000;

/** Fetches receipts while DYNAMIC_RECEIPT_TRANSFER_ENABLED is true: one process of the validator at a time. */
@Injectable()
export class TransferSchedule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly lease: Lease;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly transfer: ReceiptTransfer,
    private readonly config: ValidatorConfig,
    private readonly lastDone: LastDone,
    @Inject(LOGGER) private readonly logger: Logger,
    database: Database,
  ) {
    this.lease = new Lease(database, 'receipt transfer');
  }

  onApplicationBootstrap(): void {
    this.running = this.run(this.stopping.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private get isEnabled(): boolean {
    return this.config.get('DYNAMIC_RECEIPT_TRANSFER_ENABLED');
  }

  private async run(signal: AbortSignal): Promise<void> {
    let isForgotten = false;
    while (!signal.aborted) {
      if (this.isEnabled) {
        isForgotten = false;
        await this.whileEnabled(signal);
      } else if (!isForgotten) {
        isForgotten = true;
        await this.lastDone.forget('receipts');
      }
      await pause(lookPause, signal).catch(() => undefined);
    }
  }

  private async whileEnabled(signal: AbortSignal): Promise<void> {
    const disabled = new AbortController();
    const look = setInterval(() => this.isEnabled || disabled.abort(), lookPause);
    try {
      await this.lease.hold(AbortSignal.any([signal, disabled.signal]), async (held) => {
        this.logger.info('receipts are fetched from the miners');
        await this.lastDone.expect('receipts');
        const interval = () => this.config.get('DYNAMIC_RECEIPT_TRANSFER_INTERVAL') * 1_000;
        await this.transfer.follow(interval, held, { done: () => void this.lastDone.note('receipts') });
      });
    } catch (error) {
      this.logger.error({ error }, 'the transfer of receipts failed; it is begun again');
    } finally {
      clearInterval(look);
    }
  }
}
