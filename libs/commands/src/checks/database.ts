import pg from 'pg';
import { fail, ok, fullReasonOf, warn, type Finding } from '../report.ts';

/** How long the database may take to answer. @unit ms */
const patience = 5_000;

/** A service's database. */
interface DatabaseFacts {
  /** The service, whose name its schema has. */
  service: string;
  url: string;
  /** The names of its migrations. */
  migrations: string[];
}

/** Looks at the database, and at whether its tables are those of this version. */
export async function checkDatabase({ service, url, migrations: known }: DatabaseFacts): Promise<Finding> {
  const check = 'postgres';
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: patience,
    query_timeout: patience,
  });
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    const applied = await appliedMigrations(client, service);
    const newer = applied.filter((name) => !known.includes(name));
    const version = `Postgres ${rows[0]!.server_version}`;
    if (newer.length > 0) {
      const fix = 'Run that version, or restore a backup.';
      return fail(check, `${version}; a newer ${service} has changed its tables (${newer.join(', ')}).`, fix);
    }
    const missing = known.length - applied.length;
    if (missing === 0) return ok(check, `${version}, with the tables of this version.`);
    return warn(
      check,
      `${version}; ${missing === 1 ? 'one change of its tables is' : `${missing} changes of its tables are`} due.`,
      `Start the ${service}: it makes them.`,
    );
  } catch (error) {
    const fix =
      'Start Postgres, or set DATABASE_URL to where it is: postgres://user:password@host:port/database';
    return fail(check, `It cannot be used: ${fullReasonOf(error)}.`, fix);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function appliedMigrations(client: pg.Client, service: string): Promise<string[]> {
  const { rows: tables } = await client.query<{ there: string | null }>(
    'select to_regclass($1)::text as there',
    [`${service}.migrations`],
  );
  if (!tables[0]!.there) return [];
  const { rows } = await client.query<{ name: string }>(`select name from ${service}.migrations`);
  return rows.map(({ name }) => name);
}
