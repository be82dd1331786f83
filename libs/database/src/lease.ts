import { randomUUID } from 'node:crypto';
import { pause } from '@horde/async';
import type { QueryRunner } from 'typeorm';
import type { Database } from './database.ts';
import { isRetryable } from './outage.ts';

/** @unit ms */
export interface LeaseTimes {
  /** How long it holds after it was last taken: so long after the end of a process nobody has it. @default 15,000 */
  term?: number;
  /** How often `hold` renews it, and asks for it. @default 5,000 */
  pause?: number;
}

/** For a migration: the table of a service's leases. */
export async function createLeaseTable(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table lease (
      name text primary key,
      holder uuid not null,
      until timestamptz not null
    )`);
}

/**
 * Lets one of the processes that share a database do a work, whichever has it: when that one ends, another takes it. It
 * spares the others the work; a process that stood still for a while may not know yet that another one has taken over,
 * so whatever is done twice must do no harm.
 */
export class Lease {
  private readonly holder = randomUUID();
  private readonly term: number;
  private readonly pause: number;

  /** @param name of the work */
  constructor(
    private readonly database: Database,
    private readonly name: string,
    { term = 15_000, pause = 5_000 }: LeaseTimes = {},
  ) {
    this.term = term;
    this.pause = pause;
  }

  /** Takes it, or keeps it. @returns false when another process has it */
  async take(): Promise<boolean> {
    const rows = await this.database.manager.query<unknown[]>(
      `insert into lease (name, holder, until) values ($1, $2, now() + make_interval(secs => $3))
       on conflict (name) do update set holder = excluded.holder, until = excluded.until
       where lease.holder = excluded.holder or lease.until < now() returning name`,
      [this.name, this.holder, this.term / 1_000],
    );
    return rows.length > 0;
  }

  /** Lets another process have it at once. */
  async leave(): Promise<void> {
    await this.database.manager.query('delete from lease where name = $1 and holder = $2', [
      this.name,
      this.holder,
    ]);
  }

  /**
   * Waits for it, and does `work` while this process has it. Returns when the work is done, or aborted.
   *
   * @param work is to end when its signal is aborted: because this one is, or because the lease is lost
   * @throws what `work` throws
   */
  async hold(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    while (!signal.aborted && !(await this.ask())) await pause(this.pause, signal).catch(() => undefined);
    const lost = new AbortController();
    const renewing = this.renew(lost);
    try {
      if (!signal.aborted) await work(AbortSignal.any([signal, lost.signal]));
    } finally {
      lost.abort();
      await renewing;
      await this.leave().catch(() => undefined); // it ends by itself
    }
  }

  private async renew(lost: AbortController): Promise<void> {
    let heldUntil = performance.now() + this.term;
    for (;;) {
      await pause(this.pause, lost.signal).catch(() => undefined);
      if (lost.signal.aborted) return;
      const askedAt = performance.now();
      const answer = await this.ask();
      if (answer) heldUntil = askedAt + this.term;
      if (answer === false || performance.now() >= heldUntil) return lost.abort();
    }
  }

  /** @returns null when the database could not be asked */
  private async ask(): Promise<boolean | null> {
    try {
      return await this.take();
    } catch (error) {
      if (isRetryable(error)) return null;
      throw error;
    }
  }
}
