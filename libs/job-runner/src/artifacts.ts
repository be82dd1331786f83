import { isUtf8 } from 'node:buffer';
import { constants, type Dirent } from 'node:fs';
import { open, opendir } from 'node:fs/promises';

import { entryOf, openFolder } from './inside.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** ComputeHorde's limit: an artifact is smaller than this many bytes. */
const FILE_LIMIT = 1_000_000;
/** All artifacts and their names together, in bytes: with base64 and both streams they fit a 50 MiB frame. */
const TOTAL_LIMIT = 20_000_000;
/** So that a folder of a million empty files costs little; the rest is not looked at. */
const NAMES_LIMIT = 10_000;

/**
 * Reads what a job left in its artifacts folder: regular files directly inside, smaller than 1 000 000 bytes each, in
 * the order of their names as long as 20 000 000 bytes are not passed. Folders, links, FIFOs, devices, and names that
 * are not UTF-8 are skipped.
 *
 * @param artifactsDir the path that the job saw the folder at
 * @returns `{artifactsDir}/{name}` (one slash between them) to base64, as V0JobFinishedRequest carries it
 */
export async function readArtifacts(folder: string, artifactsDir: string): Promise<Map<string, string>> {
  const prefix = artifactsDir.replace(/\/+$/, '');
  const artifacts = new Map<string, string>();
  let total = 0;
  const directory = await openFolder(folder);
  try {
    for (const name of await readNames(`/proc/self/fd/${directory.fd}`)) {
      const contents = await readSmallFile(entryOf(directory, name));
      const cost = name.length + (contents?.length ?? 0);
      if (!contents || total + cost > TOTAL_LIMIT) continue;
      total += cost;
      artifacts.set(`${prefix}/${name}`, contents.toString('base64'));
    }
  } finally {
    await directory.close();
  }
  return artifacts;
}

async function readNames(folder: string): Promise<Buffer[]> {
  const names: Buffer[] = [];
  const entries = await opendir(folder, { encoding: 'buffer' as BufferEncoding });
  for await (const entry of entries) {
    const name = (entry as unknown as Dirent<Buffer>).name;
    if (isUtf8(name)) names.push(name);
    if (names.length === NAMES_LIMIT) break;
  }
  return names.sort(Buffer.compare);
}

/** Null: not a regular file, too large, or gone. Opened before it is looked at, so that it cannot be swapped between. */
async function readSmallFile(path: Buffer): Promise<Buffer | null> {
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => null);
  if (!file) return null;
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size >= FILE_LIMIT) return null;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(stat.size), 0, stat.size, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
