import { randomBytes } from 'node:crypto';
import { openDatabase, type DatabaseOptions } from '@horde/database';
import pg from 'pg';

/**
 * A database of the run's Postgres server. Returns its URL.
 *
 * @param optionsAt of a service, whose tables are in it: they are made once in a run, and copied from then on.
 * @default nothing is in it
 */
export async function createTestDatabase(optionsAt?: (url: string) => DatabaseOptions): Promise<string> {
  const server = process.env['TEST_POSTGRES_URL'];
  if (!server)
    throw new Error('TEST_POSTGRES_URL is not set: run the specs through vitest with its configuration.');
  const urlOf = (name: string) => Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    const name = `test_${randomBytes(6).toString('hex')}`;
    const template = optionsAt ? await templateOf(client, optionsAt, urlOf) : 'template1';
    // A fifth of the time that it takes to copy through the log.
    await client.query(`create database ${name} template ${template} strategy file_copy`);
    return urlOf(name);
  } finally {
    await client.end();
  }
}

/** Of the workers of a run, which have one parent, the first makes it while the others wait. */
async function templateOf(
  client: pg.Client,
  optionsAt: (url: string) => DatabaseOptions,
  urlOf: (name: string) => string,
): Promise<string> {
  const name = `tables_of_${optionsAt('').service}_${process.ppid}`;
  await client.query('select pg_advisory_lock(hashtext($1))', [name]);
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) {
      const unfinished = `unfinished_${randomBytes(6).toString('hex')}`;
      await client.query(`create database ${unfinished}`);
      await (await openDatabase(optionsAt(urlOf(unfinished)))).destroy();
      await client.query(`alter database ${unfinished} rename to ${name}`);
    }
  } finally {
    await client.query('select pg_advisory_unlock(hashtext($1))', [name]);
  }
  return name;
}
