import { randomUUID } from 'node:crypto';
import type { Database } from '../database.ts';
import type { Doorbell } from '../doorbell/doorbell.ts';

/** The doorbell's channel; the payload is who rings, and jobs. */
const channel = 'output';
/** How long rings for other processes are gathered. @unit ms */
const gathering = 40;
/** How many jobs are named in one ring. */
const maxNamed = 100;

/** @param job null: there may be more of any job's output */
export type OutputListener = (job: string | null) => void;

/**
 * Tells the processes of a service that more of jobs' output is stored: this one at once, the others a moment later, all
 * jobs together, so that what busy jobs print costs few rings.
 */
export class OutputBell {
  private readonly self = randomUUID();
  private readonly listeners = new Set<OutputListener>();
  private readonly rung = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private isListening = false;

  constructor(
    private readonly database: Database,
    private readonly doorbell: Doorbell,
  ) {}

  /** To be called when it is committed. */
  ring(job: string): void {
    this.tell(job);
    this.rung.add(job);
    this.timer ??= setTimeout(() => this.ringOthers(), gathering).unref();
  }

  /** Returns a function that ends it. */
  on(listener: OutputListener): () => void {
    if (!this.isListening) this.doorbell.on(channel, (payload) => this.heard(payload));
    this.isListening = true;
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private tell(job: string | null): void {
    for (const listener of this.listeners) listener(job);
  }

  private heard(payload: string | null): void {
    const [from, ...jobs] = payload?.split(' ') ?? [];
    if (payload === null) this.tell(null);
    else if (from !== this.self) for (const job of jobs) this.tell(job);
  }

  private ringOthers(): void {
    this.timer = undefined;
    const jobs = [...this.rung];
    this.rung.clear();
    this.database
      .transaction(async (tx) => {
        for (let at = 0; at < jobs.length; at += maxNamed)
          this.doorbell.ring(tx, channel, [this.self, ...jobs.slice(at, at + maxNamed)].join(' '));
      })
      .catch(() => undefined); // a ring may be lost
  }
}
