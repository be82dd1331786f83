import { open, opendir, stat } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from './usage-error.ts';

/** The most that is taken of a folder. */
const folderLimits = { bytes: 100_000_000, files: 5_000 } as const;

interface InputFile {
  /** Relative to the folder, with `/`. */
  path: string;
  bytes: number;
}

export interface InputFolder {
  folder: string;
  /** Its regular files, at any depth. */
  files: InputFile[];
  bytes: number;
  /** How many links and special files are left out. */
  leftOut: number;
}

/** Looks through a folder that a job is to have. Throws UsageError with a sentence when it cannot be used. */
export async function readInputFolder(given: string): Promise<InputFolder> {
  const folder = path.resolve(given);
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      error.code === 'ENOENT' ? `There is no folder ${given}.` : `${given} cannot be opened (${error.code}).`,
    );
  });
  if (!found.isDirectory()) throw new UsageError(`${given} is not a folder.`);
  const input: InputFolder = { folder, files: [], bytes: 0, leftOut: 0 };
  await walk(input, '');
  if (input.files.length === 0) throw new UsageError(`${given} holds no files.`);
  return input;
}

async function walk(input: InputFolder, below: string): Promise<void> {
  const directory = await opendir(path.join(input.folder, below), { encoding: 'buffer' as never }).catch(
    (error: NodeJS.ErrnoException) => {
      throw new UsageError(`${path.join(input.folder, below)} cannot be read (${error.code}).`);
    },
  );
  for await (const entry of directory) {
    const name = nameOf(entry.name as unknown as Buffer, below);
    const relative = below ? `${below}/${name}` : name;
    if (entry.isDirectory()) await walk(input, relative);
    else if (entry.isFile()) await addFile(input, relative);
    else input.leftOut++;
  }
}

function nameOf(raw: Buffer, below: string): string {
  const name = raw.toString('utf8');
  const where = below || 'The folder';
  if (!Buffer.from(name, 'utf8').equals(raw))
    throw new UsageError(`${where} holds a file whose name is not UTF-8: ${JSON.stringify(name)}.`);
  if (name.includes('\\'))
    throw new UsageError(
      `${where} holds ${JSON.stringify(name)}: a ZIP archive cannot carry a name with a backslash.`,
    );
  return name;
}

async function addFile(input: InputFolder, relative: string): Promise<void> {
  const file = path.join(input.folder, relative);
  const size = await readableSize(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read (${error.code}).`);
  });
  input.files.push({ path: relative, bytes: size });
  input.bytes += size;
  if (input.files.length > folderLimits.files) {
    throw new UsageError(
      `${input.folder} holds more than ${folderLimits.files.toLocaleString('en')} files, the most that is taken.`,
    );
  }
  if (input.bytes > folderLimits.bytes) {
    throw new UsageError(
      `${input.folder} holds more than ${folderLimits.bytes / 1e6} MB, the most that is taken.`,
    );
  }
}

async function readableSize(file: string): Promise<number> {
  const handle = await open(file);
  const { size } = await handle.stat().finally(() => handle.close());
  return size;
}
