import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const abandonedAfter = 10 * 60_000; // milliseconds; building takes seconds

/**
 * Where what is made once per machine is kept: HORDE_CACHE, by default /var/cache/horde for root and the user's
 * own cache folder for everyone else. The `horde` script uses the same.
 */
export function cacheFolder(): string {
  const { HORDE_CACHE, XDG_CACHE_HOME } = process.env;
  if (HORDE_CACHE) return path.resolve(HORDE_CACHE);
  if (process.getuid?.() === 0) return '/var/cache/horde';
  return path.join(XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'horde');
}

/**
 * Makes `folder` appear whole or not at all: `build` fills a folder beside it, which is then renamed. Of several
 * that build at once the first wins, and the others use its result.
 */
export async function placeOnce(folder: string, build: (staging: string) => Promise<void>): Promise<void> {
  if (await exists(folder)) return;
  await mkdir(path.dirname(folder), { recursive: true });
  await removeAbandoned(folder);
  const staging = `${stagingPrefix(folder)}${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await build(staging);
    await rename(staging, folder);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    if (!isTaken(error)) throw error;
  }
}

/** Whether something is there, a folder or a file. */
export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

const stagingPrefix = (folder: string) => `${folder}.new-`;

const isTaken = (error: unknown) =>
  ['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '');

/** A process that was killed while building leaves its folder behind. */
async function removeAbandoned(folder: string): Promise<void> {
  const prefix = path.basename(stagingPrefix(folder));
  for (const name of await readdir(path.dirname(folder))) {
    if (!name.startsWith(prefix)) continue;
    const leftover = path.join(path.dirname(folder), name);
    const age = await stat(leftover).then(
      ({ ctimeMs }) => Date.now() - ctimeMs,
      () => 0,
    );
    if (age > abandonedAfter) await rm(leftover, { recursive: true, force: true });
  }
}
