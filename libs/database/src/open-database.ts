import { CannotStart } from '@horde/operations';
import * as pg from 'pg';
import { DataSource, type EntityTarget, type MigrationInterface, type QueryRunner } from 'typeorm';
import { connectionConfig, keptUnused, WatchedClient } from './connections.ts';

export interface DatabaseOptions {
  /** The service's name: its tables and its migration history live in a schema of this name. */
  service: string;
  /** `postgres://user:password@host:port/database` */
  url: string;
  entities: EntityTarget<object>[];
  /** In the order in which they run. */
  migrations: (new () => MigrationInterface)[];
  /** The most connections. @default 10 */
  poolSize?: number;
}

/** The database cannot be used as it is: not reachable, or written by a newer version. */
export class DatabaseError extends CannotStart {
  override readonly name = 'DatabaseError';
}

/**
 * Connects, and brings the service's schema up to date while holding a lock, so that replicas that start together
 * take turns. Refuses a schema that a newer version has already changed.
 * @throws DatabaseError with a sentence
 */
export async function openDatabase(options: DatabaseOptions): Promise<DataSource> {
  const { service, url, migrations } = options;
  if (!/^[a-z][a-z_]*$/.test(service))
    throw new DatabaseError(`"${service}" cannot be the name of a schema.`);
  await createSchema(service, url);
  const patient = dataSource({ ...options, entities: [], poolSize: 2 }, true);
  await patient.initialize();
  try {
    await migrate(
      patient,
      service,
      migrations.map(({ name }) => name),
    );
  } finally {
    await patient.destroy();
  }
  return dataSource(options, false).initialize();
}

/** @param isPatient its statements may take as long as they like */
function dataSource(
  { service, url, entities, migrations, poolSize = 10 }: DatabaseOptions,
  isPatient: boolean,
) {
  return new DataSource({
    type: 'postgres',
    driver: pg,
    url,
    schema: service,
    entities: entities as never[],
    migrations,
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    synchronize: false,
    extra: {
      ...connectionConfig({ url, name: service, schema: service, isPatient }),
      ...(!isPatient && { Client: WatchedClient }),
      max: poolSize,
      idleTimeoutMillis: keptUnused,
    },
  } as never);
}

async function createSchema(service: string, url: string): Promise<void> {
  let client: pg.Client | undefined;
  try {
    client = new pg.Client(connectionConfig({ url, name: service, isPatient: true }));
    await client.connect();
    // "if not exists" still fails when two sessions create it at the same moment, hence the lock.
    await client.query('select pg_advisory_lock(hashtext($1))', [`schema of ${service}`]);
    await client.query(`create schema if not exists ${service}`);
  } catch (error) {
    throw new DatabaseError(`The database of ${service} cannot be used: ${describe(error)}.`);
  } finally {
    await client?.end();
  }
}

/** What an error of the database says. */
export const describe = (error: unknown): string => {
  const { code, message } = error as { code?: string; message?: string };
  const told = message?.includes(code ?? '') ? [message] : [message, code];
  return told.filter(Boolean).join(' ') || String(error);
};

async function migrate(dataSource: DataSource, service: string, known: string[]): Promise<void> {
  const lock = dataSource.createQueryRunner();
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock(hashtext($1))', [`migrations of ${service}`]);
    const newer = (await appliedMigrations(lock, service)).filter((name) => !known.includes(name));
    if (newer.length > 0) {
      throw new DatabaseError(
        `The database of ${service} was changed by a newer version (${newer.join(', ')}). Run that version, or restore a backup.`,
      );
    }
    await dataSource.runMigrations();
  } finally {
    await lock.query('select pg_advisory_unlock(hashtext($1))', [`migrations of ${service}`]);
    await lock.release();
  }
}

async function appliedMigrations(runner: QueryRunner, service: string): Promise<string[]> {
  if (!(await runner.hasTable(`${service}.migrations`))) return [];
  const rows = (await runner.query(`select name from ${service}.migrations`)) as { name: string }[];
  return rows.map(({ name }) => name);
}
