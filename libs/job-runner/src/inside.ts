import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** The entry `name` of an open folder: resolved from the folder itself, wherever its path leads by now. */
export function entryOf(folder: FileHandle, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${folder.fd}/`), name]);
}

/** Opens a folder; fails when its last component is a symbolic link. */
export function openFolder(path: string | Buffer): Promise<FileHandle> {
  return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/**
 * Opens the file at `components` below `folder` for reading, following no symbolic link on the way, so that what a job
 * planted cannot lead out of the folder. Never waits (a FIFO opens at once); the caller checks that it is a file.
 */
export async function openInside(folder: string, components: string[]): Promise<FileHandle> {
  let parent = await openFolder(folder);
  try {
    for (const component of components.slice(0, -1)) {
      const child = await openFolder(entryOf(parent, Buffer.from(component)));
      await parent.close();
      parent = child;
    }
    const file = entryOf(parent, Buffer.from(components.at(-1)!));
    return await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } finally {
    await parent.close();
  }
}
