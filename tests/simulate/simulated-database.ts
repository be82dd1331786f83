import { Database, Doorbell, openDatabase, OutboxRow } from '@horde/database';
import { createTestDatabase } from '@horde/testing/database';
import type { ClientBase } from 'pg';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { databaseOptions } from '../../apps/validator/src/database.ts';

/** A validator's database in which `now()` is the simulation's time. */
export class SimulatedDatabase {
  private constructor(readonly database: Database) {}

  static async open(): Promise<SimulatedDatabase> {
    const url = await createTestDatabase(databaseOptions);
    const { entities, ...options } = databaseOptions(url);
    const source = await openDatabase({ ...options, entities: [...entities, OutboxRow] });
    await source.query('create schema simulated');
    await source.query('create table simulated.clock (now timestamptz not null)');
    await source.query('insert into simulated.clock select to_timestamp(0)');
    await source.query(
      `create function simulated.now() returns timestamptz stable language sql as 'select now from simulated.clock'`,
    );
    // A name without a schema is looked for in this order. The pool has one connection until now.
    const order = `set search_path = ${options.service}, simulated, pg_catalog`;
    (source.driver as PostgresDriver).master.on('connect', (client: ClientBase) => void client.query(order));
    await source.query(order);
    const asked = [1, 2].map(() => source.query<[{ now: Date }]>('select now()'));
    for (const [{ now }] of await Promise.all(asked))
      if (now.getTime() !== 0) throw new Error('The database goes by another time than the simulation.');
    return new SimulatedDatabase(new Database(source));
  }

  /** @param now ms since 1970 */
  async setTime(now: number): Promise<void> {
    await this.database.manager.query('update simulated.clock set now = $1', [new Date(now)]);
  }

  close(): Promise<void> {
    return this.database.dataSource.destroy();
  }
}

/** Nobody listens: a simulation reads again when it is time to. */
export class SilentDoorbell extends Doorbell {
  ring(): void {
    // Nobody hears it.
  }

  on(): () => void {
    return () => undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
