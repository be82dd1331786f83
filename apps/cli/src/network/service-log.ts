import { open, rename, stat, type FileHandle } from 'node:fs/promises';

/** A log that is larger is put aside when its service starts the next time. @unit bytes */
export const largestLog = 64 * 2 ** 20;

/** Opens the log of a service that is to be started, to write at its end; one that is too large becomes `FILE.1`. */
export async function openServiceLog(file: string): Promise<FileHandle> {
  const there = await stat(file).catch(() => null);
  if (there && there.size > largestLog) await rename(file, `${file}.1`);
  return open(file, 'a', 0o600);
}
