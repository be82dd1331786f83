import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** An empty database of the run's Postgres server. Returns its URL. */
export async function createTestDatabase(): Promise<string> {
  const server = process.env['TEST_POSTGRES_URL'];
  if (!server)
    throw new Error('TEST_POSTGRES_URL is not set: run the specs through vitest with its configuration.');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  return Object.assign(new URL(server), { pathname: `/${name}` }).href;
}
