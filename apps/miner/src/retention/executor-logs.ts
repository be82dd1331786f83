import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isCanonicalUuid } from '@horde/protocol';

/**
 * Removes the logs of jobs' executors to which nothing was written since then. Other files stay.
 *
 * @param before ms since 1970
 * @returns how many
 */
export async function removeOldLogs(folder: string, before: number): Promise<number> {
  const names = await readdir(folder).catch(() => []); // made with the first log
  let removed = 0;
  for (const name of names) {
    if (!name.endsWith('.log') || !isCanonicalUuid(name.slice(0, -'.log'.length))) continue;
    const file = path.join(folder, name);
    const written = await stat(file).catch(() => null);
    if (!written?.isFile() || written.mtimeMs >= before) continue;
    await rm(file, { force: true });
    removed++;
  }
  return removed;
}
