import { isUtf8 } from 'node:buffer';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { clientError } from '../client-error.ts';
import { inlineVolume, type InputVolume } from '../volumes.ts';

export interface FolderLimits {
  /** @default 5,000 */
  maxFiles?: number;
  /** Before they are packed. @unit bytes @default 20,000,000 */
  maxBytes?: number;
  /** Of the archive as it travels in the request: facilitators read 2.6 MB in all. @unit bytes @default 2,500,000 */
  maxPacked?: number;
}

/**
 * The regular files of a folder, at any depth, packed into the request itself; or one file, under its name. Links below the
 * folder are left out: what they lead to was not asked for.
 *
 * @throws HordeClientError FOLDER_TOO_LARGE; BAD_JOB_SPEC when it cannot be read, is empty, or a name cannot be packed
 */
export async function folderVolume(
  folder: string,
  { maxFiles = 5_000, maxBytes = 20_000_000, maxPacked = 2_500_000 }: FolderLimits = {},
): Promise<InputVolume> {
  const tooLarge = (limit: string) => clientError('FOLDER_TOO_LARGE', { folder, limit });
  const files: Record<string, Buffer> = Object.create(null) as Record<string, Buffer>;
  let count = 0;
  let bytes = 0;
  for await (const [name, file] of filesOf(folder)) {
    bytes += (await stat(file).catch(unreadable(file))).size;
    if (++count > maxFiles) throw tooLarge(`${maxFiles} files`);
    if (bytes > maxBytes) throw tooLarge(`${maxBytes} bytes`);
    files[name] = await readFile(file).catch(unreadable(file));
  }
  if (count === 0) throw refused(`${folder} holds no files; links are left out.`);
  const volume = await inlineVolume(files);
  if (volume.volume_type === 'inline' && volume.contents.length > maxPacked)
    throw tooLarge(`${maxPacked} bytes when it is packed, which is the most that travels in a request`);
  return volume;
}

/** The names of files in the volume, and where they are here. */
async function* filesOf(given: string): AsyncGenerator<[name: string, file: string]> {
  const found = await stat(given).catch(unreadable(given));
  if (found.isDirectory()) yield* filesBelow(given, '');
  else if (!found.isFile()) throw refused(`${given} is neither a file nor a folder.`);
  else yield [nameOf(Buffer.from(path.basename(given)), given), given];
}

async function* filesBelow(folder: string, below: string): AsyncGenerator<[name: string, file: string]> {
  const place = path.join(folder, below);
  const entries = await readdir(place, { withFileTypes: true, encoding: 'buffer' }).catch(unreadable(place));
  for (const entry of entries.sort((a, b) => Buffer.compare(a.name, b.name))) {
    if (!entry.isDirectory() && !entry.isFile()) continue;
    const name = path.posix.join(below, nameOf(entry.name, place));
    if (entry.isFile()) yield [name, path.join(folder, name)];
    else yield* filesBelow(folder, name);
  }
}

/** @throws HordeClientError BAD_JOB_SPEC for a name that a ZIP archive cannot carry */
function nameOf(name: Buffer, where: string): string {
  const text = name.toString();
  const said = `${where} holds ${JSON.stringify(text)}`;
  if (!isUtf8(name)) throw refused(`${said}, a name that is not UTF-8.`);
  if (text.includes('\\')) throw refused(`${said}: a ZIP archive cannot carry a name with a backslash.`);
  return text;
}

const refused = (why: string) => clientError('BAD_JOB_SPEC', { why });
const unreadable = (file: string) => (error: unknown) => {
  const { code } = error as NodeJS.ErrnoException;
  throw refused(
    code === 'ENOENT' ? `There is no file or folder "${file}".` : `${file} cannot be read (${code}).`,
  );
};
