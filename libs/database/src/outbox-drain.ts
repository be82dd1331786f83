import type { Outbox, OutboxMessage, StoredMessage } from './outbox.ts';

/** How often the outbox is looked at without being rung for: a ring may be lost. @unit ms */
const sweepInterval = 30_000;
/** The pause before it is looked at again when it could not be. @unit ms */
const retryPause = 2_000;
/** So many sent rows are remembered before those that are no longer in the outbox are forgotten. */
const maxRemembered = 500;
/** How much is read at once; a single larger frame is. */
const maxRead = { maxRows: 100, maxBytes: 8 * 1024 * 1024 };
/** How many that were stored here meanwhile are kept at hand; further ones are read. */
const maxAtHand = 100;
/** Where a peer may leave messages unanswered for long while it goes on with others. */
const manyInFlight = { rows: 10_000, bytes: Infinity };
/** The pause before it is looked at whether some of that has left the outbox. @unit ms */
const fullPause = 1_000;

/** How much may be sent and unanswered before nothing more is read. */
interface InFlight {
  rows: number;
  bytes: number;
}

/**
 * Sends what waits for one peer over one connection, in order, each row once. What was sent stays in the outbox until
 * somebody calls `delivered` or `settle`; a new connection gets a new drain, which begins again with the oldest. A peer
 * that leaves much unanswered is sent no more until it has answered some of it. What this process stores is sent as it comes;
 * only what others have stored, or what cannot be sent at once, is read.
 */
export class OutboxDrain {
  private sent = new Set<string>();
  /** Sizes of the sent rows that are neither answered nor known to have left the outbox. @unit bytes */
  private inFlight = new Map<string, number>();
  private bytesInFlight = 0;
  private running = false;
  /** Whether there may be something that only the database knows. */
  private again = false;
  private atHand: StoredMessage[] = [];
  private stopped = false;
  private retry: NodeJS.Timeout | undefined;
  private readonly end: (() => void)[];

  constructor(
    private readonly outbox: Outbox,
    private readonly peer: string,
    /** Returns false when the connection is gone. */
    private readonly send: (message: OutboxMessage) => Promise<boolean>,
    private readonly onError: (error: unknown) => void,
    private readonly maxInFlight: InFlight = manyInFlight,
  ) {
    const sweep = setInterval(() => this.run(), sweepInterval);
    sweep.unref();
    this.end = [outbox.onRing(peer, (messages) => this.run(messages)), () => clearInterval(sweep)];
    this.run();
  }

  stop(): void {
    for (const end of this.end) end();
    clearTimeout(this.retry);
    this.stopped = true;
  }

  /** The peer has answered this row, whether it leaves the outbox or not. */
  answered(id: string): void {
    const wasFull = this.isFull;
    this.landed(id);
    if (wasFull && !this.isFull) this.run();
  }

  private get isFull(): boolean {
    return this.inFlight.size >= this.maxInFlight.rows || this.bytesInFlight >= this.maxInFlight.bytes;
  }

  private landed(id: string): void {
    this.bytesInFlight -= this.inFlight.get(id) ?? 0;
    this.inFlight.delete(id);
  }

  private runIn(pause: number): void {
    clearTimeout(this.retry);
    if (!this.stopped) this.retry = setTimeout(() => this.run(), pause).unref();
  }

  private run(messages: StoredMessage[] | null = null): void {
    if (messages && this.atHand.length < maxAtHand) this.atHand.push(...messages);
    else this.again = true;
    if (this.running || this.stopped) return;
    this.running = true;
    void this.drain()
      .catch((error: unknown) => {
        this.again = false;
        // What it still asked when it was stopped is of no use to anybody, and may be cut off with the database.
        if (this.stopped) return;
        this.onError(error);
        this.runIn(retryPause);
      })
      .finally(() => {
        this.running = false;
        if (this.again || this.atHand.length > 0) this.run([]);
      });
  }

  private async drain(): Promise<void> {
    while (!this.stopped) {
      const next = this.again ? undefined : this.atHand.shift();
      if (!this.again && !next) return;
      if (next && this.sent.has(next.id)) continue;
      if (next && this.isNext(next)) {
        if (!(await this.sendOne(next))) return this.stop();
        continue;
      }
      // It is committed, as all at hand is: it is read.
      this.again = false;
      this.atHand = [];
      if (this.sent.size > maxRemembered || this.isFull) await this.forgetDelivered();
      if (this.isFull) return this.runIn(fullPause);
      const rows = await this.outbox.waiting(this.peer, this.sent, maxRead);
      // Whatever is stored from now on rings.
      if (rows.length === maxRead.maxRows || rows.length < (rows[0]?.found ?? 0)) this.again = true;
      for (const row of rows) {
        if (this.stopped) return;
        if (!(await this.sendOne(row))) return this.stop();
      }
    }
  }

  /** Whether a message can be sent now, and nothing about the same is still to be sent before it. */
  private isNext({ after }: StoredMessage): boolean {
    return (after === null || this.sent.has(after)) && this.sent.size <= maxRemembered && !this.isFull;
  }

  private sendOne(message: OutboxMessage): Promise<boolean> {
    const { id, frame } = message;
    const size = Buffer.byteLength(frame);
    this.sent.add(id);
    this.inFlight.set(id, size);
    this.bytesInFlight += size;
    return this.send(message);
  }

  private async forgetDelivered(): Promise<void> {
    this.sent = new Set(await this.outbox.remaining(this.sent));
    for (const id of this.inFlight.keys()) if (!this.sent.has(id)) this.landed(id);
  }
}
