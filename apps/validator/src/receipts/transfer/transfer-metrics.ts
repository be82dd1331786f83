import { Injectable } from '@nestjs/common';
import type { Counter, Gauge, Histogram } from 'prom-client';
import { MetricsRegistry } from '../../metrics/metrics-registry.ts';

/** What the transfer of receipts counts, under ComputeHorde's names. */
@Injectable()
export class TransferMetrics {
  readonly receipts: Counter<never>;
  readonly miners: Gauge<never>;
  readonly successfulTransfers: Counter<never>;
  readonly lineErrors: Counter<'exc_type'>;
  readonly transferErrors: Counter<'exc_type'>;
  readonly duration: Histogram<never>;
  readonly catchupPagesLeft: Gauge<never>;

  constructor(registry: MetricsRegistry) {
    this.receipts = registry.counter('receipttransfer_receipts_total');
    this.miners = registry.gauge('receipttransfer_miners');
    this.successfulTransfers = registry.counter('receipttransfer_successful_transfers_total');
    this.lineErrors = registry.counter('receipttransfer_line_errors_total');
    this.transferErrors = registry.counter('receipttransfer_transfer_errors_total');
    this.duration = registry.histogram('receipttransfer_transfer_duration');
    this.catchupPagesLeft = registry.gauge('receipttransfer_catchup_pages_left');
  }
}
