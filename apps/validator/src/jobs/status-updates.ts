import { Injectable } from '@nestjs/common';
import { insertMessage, Outbox, type StoredMessage, type Transaction } from '@horde/database';
import type { JobStatusUpdate } from '@horde/protocol';

/** Stands for a facilitator with the operator's own jobs: none has sent them, so none is told of them. */
export const operator = 'operator';

/**
 * What puts updates for a job's facilitator into the outbox, as a part of a statement: after it, `StatusUpdates.stored` is
 * called in the same transaction.
 *
 * @param job a table with one row at most: the job's `uuid` and `facilitator`
 * @param frames SQL for an array of the updates' frames, in their order
 */
export const insertUpdates = (job: string, frames: string): string =>
  insertMessage(
    `(select uuid, facilitator, frame from ${job}, unnest(${frames}) with ordinality as said (frame, n)
      where facilitator <> '${operator}' order by n) said`,
    { peer: 'facilitator', subject: 'uuid::text', type: `'V0JobStatusUpdate'`, frame: 'frame' },
  );

/** Tells a job's facilitator what becomes of it, once that is committed. */
@Injectable()
export class StatusUpdates {
  constructor(private readonly outbox: Outbox) {}

  /**
   * Updates are stored by a statement of the transaction, see `insertUpdates`.
   *
   * @param facilitator its address, or `operator`: the panel's open pages hear of it
   * @param _updates what was stored, for those that show it
   * @param messages what is in the outbox of them
   */
  stored(tx: Transaction, facilitator: string, _updates: JobStatusUpdate[], messages: StoredMessage[]): void {
    this.outbox.rung(tx, facilitator, messages);
  }
}
