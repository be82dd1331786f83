import { Outbox, type Database, type Doorbell, type Transaction } from '@horde/database';
import type { JobStatusUpdate } from '@horde/protocol';

/** The outbox of a process that stands in for the facilitator: it is shown what becomes of jobs, and nobody else is told. */
export class ShownUpdates extends Outbox {
  constructor(
    database: Database,
    doorbell: Doorbell,
    private readonly show: (update: JobStatusUpdate) => void,
  ) {
    super(database, doorbell);
  }

  override async put(
    tx: Transaction,
    peer: string,
    subject: string,
    message: { message_type: string },
  ): Promise<void> {
    if (message.message_type !== 'V0JobStatusUpdate') return super.put(tx, peer, subject, message);
    tx.afterCommit(() => this.show(message as JobStatusUpdate));
  }
}
