import { Database, Doorbell, openDatabase, OutboxRow } from '@horde/database';
import { createTestDatabase } from '@horde/testing/database';
import { databaseOptions } from '../../apps/validator/src/database.ts';

/** A validator's database in which `now()` is the simulation's time. */
export class SimulatedDatabase {
  private constructor(readonly database: Database) {}

  static async open(): Promise<SimulatedDatabase> {
    const url = await createTestDatabase();
    const { entities, ...options } = databaseOptions(url);
    const open = () => openDatabase({ ...options, entities: [...entities, OutboxRow] });
    const migrated = await open();
    await migrated.query('create schema simulated');
    await migrated.query('create table simulated.clock (now timestamptz not null)');
    await migrated.query('insert into simulated.clock select now()');
    await migrated.query(
      `create function simulated.now() returns timestamptz stable language sql as 'select now from simulated.clock'`,
    );
    // A name without a schema is looked for in this order.
    await migrated.query(
      `do $$ begin execute format('alter database %I set search_path = public, simulated, pg_catalog', current_database()); end $$`,
    );
    await migrated.destroy();
    return new SimulatedDatabase(new Database(await open()));
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
