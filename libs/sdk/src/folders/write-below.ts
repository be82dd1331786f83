import { constants } from 'node:fs';
import { mkdir, open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { clientError } from '../client-error.ts';

/** What was saved, and what was not. */
export interface SavedFiles {
  /** The paths of the files. */
  files: string[];
  /**
   * The artifacts, as the network calls them, that were not saved: their names lead outside of the folder, over a symbolic
   * link, to something that is no file, or to a file that was just saved.
   */
  leftOut: string[];
}

interface NewFile {
  /** As the network calls it. */
  name: string;
  /** Its path below the folder, with `/`. */
  at: string;
  contents: string | Uint8Array;
}

/** What a name can lead to that is nobody's fault but the name's. */
const inTheWay = new Set(['ELOOP', 'EISDIR', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG', 'EINVAL', 'ENXIO']);

/**
 * Writes files below a folder, and nowhere else. Files that were there before are replaced.
 *
 * @throws HordeClientError NOT_SAVED
 */
export async function writeBelow(folder: string, files: Iterable<NewFile>): Promise<SavedFiles> {
  const saved: SavedFiles = { files: [], leftOut: [] };
  const root = await mkdir(folder, { recursive: true })
    .then(() => realpath(folder))
    .catch(notSaved(folder));
  const written = new Set<string>();
  for (const { name, at, contents } of files) {
    const parts = at.split('/').filter((part) => part !== '');
    const file = path.join(folder, ...parts);
    const isSafe = parts.length > 0 && parts.every((part) => !/^\.\.?$|[\0\\]/.test(part));
    if (isSafe && (await write(root, parts, contents, written).catch(notSaved(file)))) saved.files.push(file);
    else saved.leftOut.push(name);
  }
  return saved;
}

/**
 * @param written the files of before, which are not written again, also where a name in other letters leads to one
 * @returns false when something is in the way
 */
async function write(
  root: string,
  parts: string[],
  contents: string | Uint8Array,
  written: Set<string>,
): Promise<boolean> {
  try {
    // Looked at step by step: a folder that is made behind a link would be made elsewhere.
    for (let depth = 1; depth < parts.length; depth++) {
      const step = path.join(root, ...parts.slice(0, depth));
      await mkdir(step, { recursive: true });
      if ((await realpath(step)) !== step) return false;
    }
    const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    const flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
    const handle = await open(path.join(root, ...parts), flags, 0o644);
    try {
      const found = await handle.stat({ bigint: true });
      const file = `${found.dev} ${found.ino}`;
      if (!found.isFile() || written.has(file)) return false;
      written.add(file);
      await handle.truncate();
      await handle.writeFile(contents);
      return true;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (inTheWay.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

const notSaved = (file: string) => (error: unknown) => {
  throw clientError('NOT_SAVED', { file, why: (error as NodeJS.ErrnoException).code ?? String(error) });
};
