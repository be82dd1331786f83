import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram } from 'prom-client';
import { MetricsRegistry } from '../../metrics/metrics-registry.ts';

/** What the transfer of receipts counts, under ComputeHorde's names. */
@Injectable()
export class TransferMetrics {
  readonly receipts: Counter;
  readonly miners: Gauge;
  readonly successfulTransfers: Counter;
  readonly lineErrors: Counter<'exc_type'>;
  readonly transferErrors: Counter<'exc_type'>;
  readonly duration: Histogram;
  readonly catchupPagesLeft: Gauge;

  constructor(registry: MetricsRegistry) {
    const named = (name: string, help: string) => ({
      name: `receipttransfer_${name}`,
      help,
      registers: [registry],
    });
    this.receipts = new Counter(named('receipts_total', 'Receipts that were fetched, verified and stored.'));
    this.miners = new Gauge(named('miners', 'Miners that receipts are fetched from.'));
    this.successfulTransfers = new Counter(
      named(
        'successful_transfers_total',
        'Pages that were read to their end, also those with nothing new on them.',
      ),
    );
    this.lineErrors = new Counter({
      ...named('line_errors_total', 'Lines of pages that were left out, by what was wrong with them.'),
      labelNames: ['exc_type'],
    });
    this.transferErrors = new Counter({
      ...named('transfer_errors_total', 'Pages that were not read to their end, by what went wrong.'),
      labelNames: ['exc_type'],
    });
    this.duration = new Histogram({
      ...named('transfer_duration', 'How long it took to read the newest pages of all miners, in seconds.'),
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60],
    });
    this.catchupPagesLeft = new Gauge(named('catchup_pages_left', 'Older pages that are still to be read.'));
  }
}
