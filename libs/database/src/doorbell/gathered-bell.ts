import type { Database } from '../database.ts';
import type { Doorbell } from './doorbell.ts';

/** How long rings are gathered. @unit ms */
const gathering = 250;

/**
 * Rings the doorbell for what changes with each step of each job and is news to people only: each channel at most four times
 * a second, however often it changes. None of the transactions that change it waits for that, or notifies.
 */
export class GatheredBell {
  private readonly rung = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly doorbell: Doorbell,
  ) {}

  /** To be called when it is committed. */
  ring(channel: string): void {
    this.rung.add(channel);
    this.timer ??= setTimeout(() => void this.ringNow(), gathering).unref();
  }

  /** Rings for what is gathered: a command may end right after it has rung. Never rejects. */
  async ringNow(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const channels = [...this.rung];
    this.rung.clear();
    await this.database
      .single(async (tx) => {
        for (const channel of channels) this.doorbell.ring(tx, channel, '');
      })
      .catch(() => undefined); // a ring may be lost
  }
}
