import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { shortId } from '../terminal/words.ts';

/** The ids that the last list showed, for shells that complete them. */
const lastList = (): string =>
  path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'horde', 'jobs');

/** For this user alone. Where it cannot be kept, nothing is completed. */
export async function rememberJobs(uuids: readonly string[]): Promise<void> {
  const file = lastList();
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, uuids.map((uuid) => `${shortId(uuid)}\n`).join(''), { mode: 0o600 });
  } catch {
    // A list is shown all the same.
  }
}

export const rememberedJobs = (): Promise<string[]> =>
  readFile(lastList(), 'utf8').then(
    (text) => text.split('\n').filter((line) => /^[0-9a-f]{8}$/.test(line)),
    () => [],
  );
