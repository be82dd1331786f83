import type { Outbox, OutboxRow } from './outbox.ts';

/** How often the outbox is looked at without being rung for: a ring may be lost. @unit ms */
const sweepInterval = 30_000;
/** The pause before it is looked at again when it could not be. @unit ms */
const retryPause = 2_000;
/** So many sent rows are remembered before those that are no longer in the outbox are forgotten. */
const maxRemembered = 500;

/**
 * Sends what waits for one peer over one connection, in order, each row once. What was sent stays in the outbox until
 * somebody calls `delivered` or `settle`; a new connection gets a new drain, which begins again with the oldest.
 */
export class OutboxDrain {
  private sent = new Set<string>();
  private running = false;
  private again = false;
  private stopped = false;
  private retry: NodeJS.Timeout | undefined;
  private readonly end: (() => void)[];

  constructor(
    private readonly outbox: Outbox,
    private readonly peer: string,
    /** Returns false when the connection is gone. */
    private readonly send: (row: OutboxRow) => Promise<boolean>,
    private readonly onError: (error: unknown) => void,
  ) {
    const sweep = setInterval(() => this.run(), sweepInterval);
    sweep.unref();
    this.end = [outbox.onRing(peer, () => this.run()), () => clearInterval(sweep)];
    this.run();
  }

  stop(): void {
    for (const end of this.end) end();
    clearTimeout(this.retry);
    this.stopped = true;
  }

  private run(): void {
    this.again = true;
    if (this.running || this.stopped) return;
    this.running = true;
    void this.drain()
      .catch((error: unknown) => {
        this.again = false;
        this.onError(error);
        clearTimeout(this.retry);
        this.retry = setTimeout(() => this.run(), retryPause).unref();
      })
      .finally(() => {
        this.running = false;
        if (this.again) this.run();
      });
  }

  private async drain(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      if (this.sent.size > maxRemembered) this.sent = new Set(await this.outbox.remaining(this.sent));
      for (const row of await this.outbox.waiting(this.peer, this.sent)) {
        if (this.stopped) return;
        this.sent.add(row.id);
        if (!(await this.send(row))) return this.stop();
        this.again = true;
      }
    }
  }
}
