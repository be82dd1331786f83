import { randomUUID } from 'node:crypto';
import { openDatabase } from '@horde/database';
import type { DataSource } from 'typeorm';
import { CreateChain1795000000000 } from '../migrations/create-chain.ts';
import type { Change } from './changes.ts';
import type { Log } from './log.ts';
import type { DevnetState } from './state.ts';

/** A chain in Postgres: a row for the whole of it, and one for each change since. */
export class PostgresLog implements Log {
  readonly name = 'The schema devnet of the database';
  readonly remedy = 'Drop it to begin a new chain.';
  private readonly run = randomUUID();

  private constructor(private readonly database: DataSource) {}

  /** @throws DatabaseError */
  static async open(url: string): Promise<PostgresLog> {
    const migrations = [CreateChain1795000000000];
    return new PostgresLog(
      await openDatabase({ service: 'devnet', url, entities: [], migrations, poolSize: 2 }),
    );
  }

  async read(): Promise<unknown[] | null> {
    const [chain] = await this.database.query<{ state: unknown }[]>('select state from chain');
    if (!chain) return null;
    const changes = await this.database.query<{ change: unknown }[]>(
      'select change from change order by number',
    );
    return [chain.state, ...changes.map(({ change }) => change)];
  }

  async replace(state: DevnetState): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query('lock table chain');
      await tx.query('delete from chain');
      await tx.query('delete from change');
      await tx.query('insert into chain (run, state) values ($1, $2)', [this.run, JSON.stringify(state)]);
    });
  }

  async append(changes: Change[]): Promise<void> {
    const kept = await this.database.query<unknown[]>(
      `with mine as (select from chain where run = $1 for share)
       insert into change (change)
       select value from mine, json_array_elements($2::json) with ordinality order by ordinality
       returning number`,
      [this.run, JSON.stringify(changes)],
    );
    if (kept.length !== changes.length)
      throw new Error('Another devnet goes on with the chain in this database.');
  }

  async close(): Promise<void> {
    await this.database.destroy();
  }
}
