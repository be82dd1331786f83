import { Injectable } from '@nestjs/common';
import { ShapeError } from '@horde/protocol';
import type { Counter } from 'prom-client';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';

/** Why a receipt was refused. */
export type Refusal = 'unknown_job' | 'mismatch' | 'signature' | 'started' | 'unreadable';

/** Counts for the metrics. */
@Injectable()
export class ReceiptCounts {
  readonly stored: Counter<'type'>;
  readonly refused: Counter<'reason'>;

  constructor(registry: MetricsRegistry) {
    this.stored = registry.counter('miner_receipts_stored_total');
    this.refused = registry.counter('miner_receipts_refused_total');
  }

  refuse(reason: Refusal): void {
    this.refused.inc({ reason });
  }

  /** Counts a frame that could not be read because of its receipt: mostly one outside of the bounds. */
  unreadable(error: Error, frame: string): void {
    const started =
      error instanceof ShapeError &&
      error.problems.some(({ path }) => path.startsWith('job_started_receipt'));
    if (started || /"V0Job(?:Accepted|Finished)ReceiptRequest"/.test(frame)) this.refuse('unreadable');
  }
}
