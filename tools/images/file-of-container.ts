import { buffer } from 'node:stream/consumers';
import type Docker from 'dockerode';

/** A file of a container, which need not run. @returns null where there is none */
export async function fileOfContainer(container: Docker.Container, file: string): Promise<Buffer | null> {
  try {
    const archive = await buffer(await container.getArchive({ path: file }));
    // A tar of one file: its size is in the header, in octal.
    const size = Number.parseInt(archive.subarray(124, 135).toString('latin1'), 8);
    return archive.subarray(512, 512 + size);
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return null;
    throw error;
  }
}
