/**
 * What a miner costs: accepting a job beside the same transaction done by bare pg, the way to an executor that is warm, a
 * receipt, and an executor that is connected and idle. The miner is the real bundle in a process of its own, on a
 * database that syncs.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startPostgres } from '@horde/embedded-postgres';
import type { Figure } from './figure.ts';
import { acceptFigures } from './miner/accept.ts';
import { memoryFigures } from './miner/memory.ts';
import { receiptFigures } from './miner/receipts.ts';
import { warmFigures } from './miner/warm.ts';

export async function figures(): Promise<Figure[]> {
  return [...(await onDatabase()), ...(await receiptFigures())];
}

async function onDatabase(): Promise<Figure[]> {
  const base = process.getuid?.() === 0 ? '/var/lib/horde' : os.tmpdir();
  const folder = await mkdtemp(path.join(base, 'bench-miner-'));
  try {
    await chmod(folder, 0o755); // the server runs as a user of its own
    const postgres = await startPostgres({ dataFolder: path.join(folder, 'postgres') });
    try {
      process.env['TEST_POSTGRES_URL'] = postgres.url;
      return [...(await acceptFigures()), ...(await warmFigures()), ...(await memoryFigures())];
    } finally {
      await postgres.stop();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
