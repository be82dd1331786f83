import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '@horde/embedded-postgres';
import { createTestDatabase } from '../database.ts';

/** Fetched by ./horde test: the release that ComputeHorde's own services store in. */
export const oldPostgresPackage = path.join(
  process.env['HORDE_CACHE'] ?? '/var/cache/horde',
  'postgres-package-14.23.0-beta.17',
);

export interface OldPostgres {
  /** Of an empty database. */
  url: string;
  stop(): Promise<void>;
}

/** A database of Postgres 14; where that could not be fetched, of the run's own server, which it says. */
export async function startOldPostgres(): Promise<OldPostgres> {
  if (!existsSync(path.join(oldPostgresPackage, 'package.json'))) {
    process.stderr.write(
      `Postgres 14 is not in ${oldPostgresPackage}: the workspace's Postgres takes its place.\n`,
    );
    return { url: await createTestDatabase(), stop: () => Promise.resolve() };
  }
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'horde-old-postgres-'));
  const server = await startPostgres({ dataFolder, durable: false, binaries: oldPostgresPackage });
  return {
    url: await server.createDatabase('postgres14'),
    async stop() {
      await server.stop();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}
