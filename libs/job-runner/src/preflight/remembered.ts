import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_DIRECTORY } = constants;

/** How long a passed check is believed. @unit ms */
export const rememberedFor = 3_600_000;

/** Whether a check of that name passed within the last hour, according to this user alone. Never fails. */
export async function isRemembered(base: string, key: string, now = Date.now()): Promise<boolean> {
  return inOwnFolder(base, async (folder) => {
    const file = await open(path.join(folder, key), O_RDONLY | O_NOFOLLOW);
    try {
      const passed = Number(await file.readFile('utf8'));
      return passed > now - rememberedFor && passed <= now;
    } finally {
      await file.close();
    }
  });
}

/** Remembers that a check of that name has passed. Where it cannot, the check is made again the next time. */
export async function remember(base: string, key: string, now = Date.now()): Promise<void> {
  await mkdir(folderIn(base), { mode: 0o700 }).catch(() => {}); // it exists, as a rule
  await inOwnFolder(base, async (folder) => {
    const unfinished = path.join(folder, randomUUID());
    const file = await open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await file.writeFile(String(now));
    } finally {
      await file.close();
    }
    await rename(unfinished, path.join(folder, key));
    await forgetOld(folder, now);
    return true;
  });
}

const folderIn = (base: string) => path.join(base, `horde-preflight-${process.geteuid!()}`);

/**
 * Works in the folder of this user's memories, provided that nobody else can write there. The path that `work` gets
 * leads to the very folder that was looked at, whatever others put in its place meanwhile.
 */
async function inOwnFolder(base: string, work: (folder: string) => Promise<boolean>): Promise<boolean> {
  let folder: FileHandle | undefined;
  try {
    folder = await open(folderIn(base), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const { uid, mode } = await folder.stat();
    if (uid !== process.geteuid!() || (mode & 0o077) !== 0) return false;
    return await work(`/proc/self/fd/${folder.fd}`);
  } catch {
    return false;
  } finally {
    await folder?.close();
  }
}

async function forgetOld(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    if ((await stat(file)).mtimeMs < now - rememberedFor) await rm(file, { force: true });
  }
}
