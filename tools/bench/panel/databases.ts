import { createHash } from 'node:crypto';
import path from 'node:path';
import { openDatabase } from '@horde/database';
import { startPostgres, type PostgresServer } from '@horde/embedded-postgres';
import pg from 'pg';
import type { FilledService } from './filled-service.ts';

/** Rows become older, and services remove old ones: they are made anew. @unit hours */
const keptFor = 6;

/** A Postgres server whose databases are used again by the next run. @param folder where they are kept */
export const openServer = (folder: string): Promise<PostgresServer> =>
  startPostgres({ dataFolder: path.join(folder, 'postgres'), durable: false });

/** A service's database with so many rows, filled now or not long ago. Returns its URL. */
export async function filledDatabase(
  server: PostgresServer,
  service: FilledService,
  rows: number,
): Promise<string> {
  const { name, databaseOptions } = service;
  const statements = service.fill(rows);
  const made = createHash('sha256').update(statements.join()).digest('hex').slice(0, 12);
  const url = await server.createDatabase(`panel_${name}`);
  if (await isFilled(url, made)) {
    // Its tables as they are now: with the migrations that have come since.
    await (await openDatabase(databaseOptions(url))).destroy();
    return url;
  }
  const began = performance.now();
  await recreate(server, url);
  await (await openDatabase(databaseOptions(url))).destroy();
  await connected(url, async (client) => {
    await client.query(`set search_path to ${name}; set session_replication_role to replica;
      set maintenance_work_mem to '256MB'; set work_mem to '128MB'; begin`);
    const indexes = await dropIndexes(client, name);
    for (const statement of statements) await client.query(statement);
    for (const index of indexes) await client.query(index);
    await client.query(`create table public.filled as select now() as at, '${made}' as made; commit`);
    await client.query('vacuum analyze');
  });
  const seconds = Math.round((performance.now() - began) / 1_000);
  console.log(`The ${name} has ${rows.toLocaleString('en')} rows in each list, made in ${seconds} s.`);
  return url;
}

async function isFilled(url: string, made: string): Promise<boolean> {
  return connected(url, async (client) => {
    const { rows } = await client.query<{ exists: boolean }>(
      `select to_regclass('public.filled') is not null as exists`,
    );
    if (!rows[0]!.exists) return false;
    const { rowCount } = await client.query(
      `select from public.filled where made = $1 and at > now() - interval '${keptFor} hours'`,
      [made],
    );
    return rowCount === 1;
  });
}

async function recreate(server: PostgresServer, url: string): Promise<void> {
  const database = new URL(url).pathname.slice(1);
  await connected(server.url, (client) => client.query(`drop database ${database}`));
  await server.createDatabase(database);
}

/** Those that no constraint needs: they are made faster behind the rows. Returns the statements that make them. */
async function dropIndexes(client: pg.Client, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string; made: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as made
     from pg_index join pg_class on pg_class.oid = indexrelid
     where relnamespace = $1::regnamespace and not exists (select from pg_constraint where conindid = indexrelid)`,
    [schema],
  );
  for (const { name } of rows) await client.query(`drop index ${name}`);
  return rows.map(({ made }) => made);
}

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
