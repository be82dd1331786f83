import { Injectable } from '@nestjs/common';
import { ShapeError } from '@horde/protocol';
import { Counter } from 'prom-client';

/** Why a receipt was refused. */
export type Refusal = 'unknown_job' | 'mismatch' | 'signature' | 'started' | 'unreadable';

/** Counts for the metrics. */
@Injectable()
export class ReceiptCounts {
  readonly stored = new Counter({
    name: 'miner_receipts_stored_total',
    help: 'Receipts of validators that were countersigned and stored, by type.',
    labelNames: ['type'],
    registers: [],
  });
  readonly refused = new Counter({
    name: 'miner_receipts_refused_total',
    help: 'Receipts of validators that were refused, by reason.',
    labelNames: ['reason'],
    registers: [],
  });

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
