import type { FileHandle } from 'node:fs/promises';

import { failures } from '../failures.ts';
import { openInside } from '../inside.ts';
import { why } from '../wording.ts';

/**
 * Opens a file of the job's output. Paths by the rule of ComputeHorde's newest generation: plain names with single
 * slashes between; no link is followed, and only a regular file is one.
 *
 * @throws JobFailure upload_failed
 */
export async function openOutputFile(
  folder: string,
  relativePath: string,
): Promise<{ file: FileHandle; size: number }> {
  const components = canonical(relativePath);
  const unreadable = (reason: string) => failures.UPLOAD_FILE_UNREADABLE(relativePath, reason);
  const file = await openInside(folder, components).catch((error: unknown) => {
    throw unreadable(why(error));
  });
  const stat = await file.stat();
  if (stat.isFile()) return { file, size: stat.size };
  await file.close();
  throw unreadable(stat.isDirectory() ? 'it is a folder' : 'it is not a regular file');
}

function canonical(relativePath: string): string[] {
  const refuse = (reason: string) => failures.UPLOAD_PATH_REFUSED(relativePath, reason);
  if (relativePath === '') throw refuse('it is empty');
  if (relativePath.startsWith('/')) throw refuse('it is absolute');
  if (relativePath.endsWith('/')) throw refuse('it ends with a slash');
  if (/[\0\\]/.test(relativePath)) throw refuse('it has a NUL or a backslash in it');
  const components = relativePath.split('/');
  if (components.some((name) => ['', '.', '..'].includes(name)))
    throw refuse('a part of it is empty, "." or ".."');
  if (components.some((name) => Buffer.byteLength(name) > 255))
    throw refuse('a part of it is longer than 255 bytes');
  return components;
}
