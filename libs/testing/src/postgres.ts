import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { startPostgres } from '@horde/embedded-postgres';

/**
 * One Postgres server for the specs of a run, reached through TEST_POSTGRES_URL. Whoever sets that variable, such as
 * `./horde test`, provides the server himself.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['TEST_POSTGRES_URL']) return undefined;
  const base =
    process.getuid?.() === 0 ? '/var/lib/horde' : path.join(process.env['HOME']!, '.local/share/horde');
  await removeAbandoned(base);
  const dataFolder = path.join(base, `test-${process.pid}-${randomBytes(4).toString('hex')}`);
  const server = await startPostgres({ dataFolder, durable: false });
  process.env['TEST_POSTGRES_URL'] = server.url;
  return async () => {
    await server.stop();
    await rm(dataFolder, { recursive: true, force: true });
  };
}

/** What runs that were killed have left: their servers ended with them. */
async function removeAbandoned(base: string): Promise<void> {
  for (const name of await readdir(base).catch(() => [])) {
    const pid = /^test-(\d+)-/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) await rm(path.join(base, name), { recursive: true, force: true });
  }
}
