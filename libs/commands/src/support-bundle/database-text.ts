import { connectionConfig } from '@horde/database';
import pg from 'pg';
import { fullReasonOf } from '../report.ts';
import type { SupportFacts } from './facts.ts';

/** How long the database may take to answer. @unit ms */
const patience = 5_000;

/** What is asked, `$1` being the service's schema, and under which heading it is told. */
const questions = {
  server:
    "select version(), pg_size_pretty(pg_database_size(current_database())) as size, now() at time zone 'utc' as utc",
  connections: `
    select coalesce(application_name, '') as name, state, count(*)::int, max(now() - xact_start)::text as longest_transaction
    from pg_stat_activity where datname = current_database() group by 1, 2 order by 1, 2`,
  'tables, with rows as Postgres estimates them': `
    select relname as table, n_live_tup::bigint as rows, n_dead_tup::bigint as dead,
      pg_size_pretty(pg_total_relation_size(relid)) as size, last_autovacuum::text
    from pg_stat_user_tables where schemaname = $1 order by pg_total_relation_size(relid) desc`,
} as const;

/** Sizes, connections, the state of the migrations, and the settings that change at run time. It changes nothing. */
export async function databaseText(
  { service, migrations }: SupportFacts,
  url: string | undefined,
): Promise<string> {
  if (!url) return 'DATABASE_URL is not set.';
  const client = new pg.Client({
    ...connectionConfig({ url, name: 'support_bundle', schema: service }),
    connectionTimeoutMillis: patience,
    query_timeout: patience,
  });
  try {
    await client.connect();
    const parts: string[] = [];
    for (const [heading, sql] of Object.entries(questions)) {
      const { rows } = await client.query<object>(sql, sql.includes('$1') ? [service] : []);
      parts.push(part(heading, rows));
    }
    return [...parts, await migrationText(client, migrations), await configText(client)].join('\n\n');
  } catch (error) {
    return `It cannot be used: ${fullReasonOf(error)}.`;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function migrationText(client: pg.Client, known: string[]): Promise<string> {
  if (!(await isThere(client, 'migrations'))) return 'migrations: none has been made.';
  const { rows } = await client.query<{ name: string }>('select name from migrations order by id');
  const applied = rows.map(({ name }) => name);
  const due = known.filter((name) => !applied.includes(name));
  const newer = applied.filter((name) => !known.includes(name));
  return part(`migrations: ${applied.length} made`, [
    { due, of_a_newer_version: newer, last: applied.at(-1) },
  ]);
}

async function configText(client: pg.Client): Promise<string> {
  if (!(await isThere(client, 'dynamic_config'))) return 'settings that change at run time: no table.';
  const { rows } = await client.query<object>(
    'select key, source, items, changed_at from dynamic_config order by key, source',
  );
  return part('settings that change at run time', rows);
}

async function isThere(client: pg.Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ there: string | null }>('select to_regclass($1)::text as there', [
    table,
  ]);
  return rows[0]!.there !== null;
}

const part = (heading: string, rows: object[]): string =>
  [`# ${heading}`, ...rows.map((row) => JSON.stringify(row))].join('\n');
