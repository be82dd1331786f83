import type { Outbox, Transaction } from '@horde/database';
import type { JobStatusUpdate } from '@horde/protocol';
import { StatusUpdates } from '../jobs/status-updates.ts';

/** Shows the operator what becomes of jobs, and tells nobody else. */
export class ShownUpdates extends StatusUpdates {
  constructor(
    outbox: Outbox,
    private readonly show: (update: JobStatusUpdate) => void,
  ) {
    super(outbox);
  }

  override stored(tx: Transaction, _facilitator: string, updates: JobStatusUpdate[]): void {
    tx.afterCommit(() => updates.forEach(this.show));
  }
}
