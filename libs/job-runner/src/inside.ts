import { constants, type Dirent, type Stats } from 'node:fs';
import { lstat, open, opendir, type FileHandle } from 'node:fs/promises';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** The entry `name` of an open folder: resolved from the folder itself, wherever its path leads by now. */
export function entryOf(folder: FileHandle, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${folder.fd}/`), name]);
}

/** The names in an open folder, in the order of the file system; all are read only where the caller takes them all. */
export async function* namesIn(folder: FileHandle): AsyncGenerator<Buffer> {
  const options = { encoding: 'buffer' as BufferEncoding };
  for await (const entry of await opendir(`/proc/self/fd/${folder.fd}`, options)) {
    yield (entry as unknown as Dirent<Buffer>).name;
  }
}

/** Opens a folder; fails when its last component is a symbolic link. */
export function openFolder(path: string | Buffer): Promise<FileHandle> {
  return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

export interface OpenFile {
  file: FileHandle;
  stat: Stats;
}

/**
 * Opens a regular file for reading. Anything else is not even opened (that alone can wait, or do something to a
 * device): it fails with ELOOP for a symbolic link, EISDIR for a folder, ENXIO for the rest.
 */
export async function openFile(path: Buffer): Promise<OpenFile> {
  refuseUnlessFile(await lstat(path));
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = await file.stat();
    refuseUnlessFile(stat); // it may have been swapped between
    return { file, stat };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function refuseUnlessFile(stat: Stats): void {
  if (stat.isFile()) return;
  const code = stat.isSymbolicLink() ? 'ELOOP' : stat.isDirectory() ? 'EISDIR' : 'ENXIO';
  throw Object.assign(new Error('not a regular file'), { code });
}

/**
 * Opens the regular file at `components` below `folder`, following no symbolic link on the way, so that what a job
 * planted cannot lead out of the folder. Fails as `openFile` does.
 */
export async function openInside(folder: string, components: string[]): Promise<OpenFile> {
  let parent = await openFolder(folder);
  try {
    for (const component of components.slice(0, -1)) {
      const child = await openFolder(entryOf(parent, Buffer.from(component)));
      await parent.close();
      parent = child;
    }
    return await openFile(entryOf(parent, Buffer.from(components.at(-1)!)));
  } finally {
    await parent.close();
  }
}
