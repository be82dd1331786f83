import type { Database } from '../database.ts';
import { Gathered } from '../gathered.ts';
import type { Doorbell } from './doorbell.ts';

/**
 * Rings the doorbell for what changes with each step of each job and is news to people only: each channel at most four times
 * a second, however often it changes. None of the transactions that change it waits for that, or notifies.
 */
export class GatheredBell {
  private readonly rung: Gathered<string>;

  constructor(database: Database, doorbell: Doorbell) {
    const ringAll = (channels: string[]) =>
      database.single(async (tx) => {
        for (const channel of new Set(channels)) doorbell.ring(tx, channel, '');
      });
    this.rung = new Gathered(ringAll, () => undefined); // a ring may be lost
  }

  /** To be called when it is committed. */
  ring(channel: string): void {
    this.rung.add(channel);
  }

  /** Rings for what is gathered: a command may end right after it has rung. Never rejects. */
  ringNow(): Promise<void> {
    return this.rung.handleNow();
  }
}
