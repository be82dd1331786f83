import type { Database, Transaction } from '@horde/database';
import { fullReasonOf } from '../report.ts';
import type { OldDatabase } from './old-database.ts';
import { Tally } from './tally.ts';

/** So many things of a kind are taken over one by one at most. */
const mostRows = 10_000;

/** Something of the old database. */
export interface Found {
  /** By which it is known among its kind, to people as well. */
  key: string;
  /** Stores it here. @returns `taken`; `here`: it is here already; else why it is not stored, as `leave` has it */
  store(tx: Transaction): Promise<string>;
}

/** What stays where it is, whatever is here. @param why without a verb: `no SS58 address` */
export const leave = (key: string, why: string): Found => ({ key, store: () => Promise.resolve(why) });

/** One kind of thing, and how it is taken over. */
export interface Part {
  /** For people: `panel users`. */
  what: string;
  run(run: TakeOver, tally: Tally): Promise<void>;
}

/** A dry run's transactions end by this. */
class Undone extends Error {}

/** One run of the command. Whatever it is killed in, the next one goes on, and changes nothing twice. */
export class TakeOver {
  readonly tallies: Tally[] = [];
  /** What an operator has to know beside the numbers, as sentences. */
  readonly notes: string[] = [];
  /** What went wrong, as sentences: the next run tries it again. */
  readonly troubles: string[] = [];

  constructor(
    readonly old: OldDatabase,
    private readonly database: Database,
    private readonly isDry: boolean,
    readonly signal: AbortSignal,
  ) {}

  /** Runs all parts; one that fails does not keep the others from being run. */
  async run(parts: readonly Part[]): Promise<void> {
    await this.change((tx) =>
      tx.manager.query(`insert into taken_over values ('run', 'first') on conflict do nothing`),
    );
    for (const part of parts) {
      this.signal.throwIfAborted();
      const tally = new Tally(part.what);
      this.tallies.push(tally);
      try {
        await this.old.look(() => part.run(this, tally));
      } catch (error) {
        this.signal.throwIfAborted();
        this.troubles.push(`${part.what}: ${fullReasonOf(error)}.`);
      }
    }
  }

  /** Rows of the old database of which there are few. @throws Error where there are more */
  async few<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
    const rows = await this.old.rows<T>(`${sql} limit ${mostRows + 1}`, values);
    if (rows.length > mostRows) throw new Error(`there are more than ${mostRows} of them`);
    return rows;
  }

  /** Takes over what was not taken before: what somebody has removed here since stays removed. */
  async each(tally: Tally, found: readonly Found[]): Promise<void> {
    await this.change(async (tx) => {
      await tx.manager.query(`select pg_advisory_xact_lock(hashtext('take over'))`);
      const rows = await tx.manager.query<{ key: string }[]>('select key from taken_over where kind = $1', [
        tally.what,
      ]);
      const before = new Set(rows.map(({ key }) => key));
      const stored: string[] = [];
      for (const { key, store } of found) {
        const outcome = before.has(key) ? 'here' : await store(tx);
        if (outcome === 'taken') stored.push(key);
        if (outcome === 'taken') tally.taken++;
        else if (outcome === 'here') tally.here++;
        else tally.leave(outcome, key);
      }
      await tx.manager.query(
        'insert into taken_over (kind, key) select $1, unnest($2::text[]) on conflict do nothing',
        [tally.what, stored],
      );
    });
  }

  /** Changes what is here in one transaction; in a dry run it is taken back. */
  async change<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let result: { of: T } | undefined;
    try {
      await this.database.transaction(async (tx) => {
        result = { of: await work(tx) };
        if (this.isDry) throw new Undone();
      });
    } catch (error) {
      if (!(error instanceof Undone)) throw error;
    }
    return result!.of;
  }
}
