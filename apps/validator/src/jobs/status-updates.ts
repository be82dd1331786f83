import { Injectable } from '@nestjs/common';
import { Outbox, type Transaction } from '@horde/database';
import type { JobStatusUpdate } from '@horde/protocol';

/** Stands for a facilitator with the operator's own jobs: none has sent them, so none is told of them. */
export const operator = 'operator';

/** Tells a job's facilitator what becomes of it, once that is committed. */
@Injectable()
export class StatusUpdates {
  constructor(private readonly outbox: Outbox) {}

  /** @param facilitator its address, or `operator` */
  async put(tx: Transaction, facilitator: string, update: JobStatusUpdate): Promise<void> {
    if (facilitator !== operator) await this.outbox.put(tx, facilitator, update.uuid, update);
    // The panel's open pages hear of a status by this ring.
    else this.outbox.rung(tx, facilitator);
  }
}
