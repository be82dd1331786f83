import * as pg from 'pg';
import { DataSource, type EntityTarget, type MigrationInterface } from 'typeorm';
import { connectionConfig, keptUnused, WatchedClient } from './connections.ts';
import { DatabaseError } from './database-error.ts';
import { isUpToDate, migrate, migrationsLock } from './migrate.ts';

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

/**
 * Connects, and brings the service's schema up to date while holding a lock, so that replicas that start together
 * take turns. Refuses a schema that a newer version has changed so that this one cannot run on it any more.
 * @throws DatabaseError with a sentence
 */
export async function openDatabase(options: DatabaseOptions): Promise<DataSource> {
  const { service, url, migrations } = options;
  if (!/^[a-z][a-z_]*$/.test(service))
    throw new DatabaseError(`"${service}" cannot be the name of a schema.`);
  if (!(await prepareSchema(service, url, migrations))) {
    const patient = dataSource({ ...options, entities: [], poolSize: 2 }, true);
    await patient.initialize();
    try {
      await migrate(patient, service, migrations);
    } finally {
      await patient.destroy();
    }
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

/** Creates the schema where there is none. @returns whether its tables are as this version has them, as at most starts */
async function prepareSchema(
  service: string,
  url: string,
  migrations: DatabaseOptions['migrations'],
): Promise<boolean> {
  let client: pg.Client | undefined;
  try {
    client = new pg.Client(connectionConfig({ url, name: service, isPatient: true }));
    await client.connect();
    await client.query('select pg_advisory_lock(hashtext($1))', [migrationsLock(service)]);
    if (await isUpToDate(client, service, migrations)) return true;
    // "if not exists" still fails when two sessions create it at the same moment: hence before the lock is given back.
    await client.query(`create schema if not exists ${service}`);
    return false;
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
