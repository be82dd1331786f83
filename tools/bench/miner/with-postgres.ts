import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startPostgres } from '@horde/embedded-postgres';

/** Works with a Postgres of its own, one that syncs, where test databases are made. @param work is given a folder that is gone afterwards */
export async function withPostgres<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const base = process.getuid?.() === 0 ? '/var/lib/horde' : os.tmpdir();
  const folder = await mkdtemp(path.join(base, 'bench-miner-'));
  try {
    await chmod(folder, 0o755); // the server runs as a user of its own
    const postgres = await startPostgres({ dataFolder: path.join(folder, 'postgres') });
    try {
      process.env['TEST_POSTGRES_URL'] = postgres.url;
      return await work(folder);
    } finally {
      await postgres.stop();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
