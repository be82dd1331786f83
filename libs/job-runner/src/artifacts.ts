import { isUtf8 } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { leftOut, type Cause, type LeftOut } from './artifacts-left-out.ts';
import { entryOf, namesIn, openFile, openFolder } from './inside.ts';
import { why } from './wording.ts';

/** ComputeHorde's limit: an artifact is smaller than this many bytes. */
const fileLimit = 1_000_000;
/** All artifacts and their names together, in bytes: with base64 and both streams they fit a 50 MiB frame. */
const totalLimit = 20_000_000;
/** So that a folder of a million empty files costs little; the rest is not looked at. */
const namesLimit = 10_000;

export interface Artifacts {
  /** `{artifactsDir}/{name}` (one slash between them) to base64, as V0JobFinishedRequest carries it. */
  artifacts: Map<string, string>;
  /** What is not among them and why, as a sentence for the job's user; null: all that the job left is. */
  skipped: string | null;
}

/**
 * Reads what a job left in its artifacts folder: regular files directly inside, smaller than 1 000 000 bytes each, in
 * the order of their names as long as 20 000 000 bytes are not passed. Folders, links, FIFOs, devices, and names that
 * are not UTF-8 are skipped, and never opened.
 *
 * @param artifactsDir the path that the job saw the folder at
 * @throws the signal's reason on abort
 */
export async function readArtifacts(
  folder: string,
  artifactsDir: string,
  signal?: AbortSignal,
): Promise<Artifacts> {
  const prefix = artifactsDir.replace(/\/+$/, '');
  const artifacts = new Map<string, string>();
  const skipped: LeftOut[] = [];
  let total = 0;
  let directory: FileHandle;
  try {
    directory = await openFolder(folder);
  } catch (error) {
    return { artifacts, skipped: `The artifacts folder could not be read: ${why(error)}.` };
  }
  try {
    const { names, more } = await firstNames(namesIn(directory));
    for (const name of names) {
      signal?.throwIfAborted();
      const read = isUtf8(name)
        ? await readSmallFile(entryOf(directory, name), totalLimit - total - name.length)
        : { cause: 'not UTF-8' as const };
      if ('cause' in read) {
        skipped.push({ name: name.toString(), ...read });
      } else {
        total += name.length + read.contents.length;
        artifacts.set(`${prefix}/${name}`, read.contents.toString('base64'));
      }
    }
    return { artifacts, skipped: leftOut(skipped, more ? namesLimit : null) };
  } finally {
    await directory.close();
  }
}

async function firstNames(all: AsyncIterable<Buffer>): Promise<{ names: Buffer[]; more: boolean }> {
  const names: Buffer[] = [];
  for await (const name of all) {
    if (names.length === namesLimit) return { names: names.sort(Buffer.compare), more: true };
    names.push(name);
  }
  return { names: names.sort(Buffer.compare), more: false };
}

const causes: Record<string, Cause> = { EISDIR: 'folder', ELOOP: 'link', ENXIO: 'not a file' };

async function readSmallFile(
  path: Buffer,
  room: number,
): Promise<{ contents: Buffer } | { cause: Cause; size?: number; reason?: string }> {
  try {
    const { file, stat } = await openFile(path);
    try {
      if (stat.size >= fileLimit) return { cause: 'too large', size: stat.size };
      if (stat.size > room) return { cause: 'no room', size: stat.size };
      const { buffer, bytesRead } = await file.read(Buffer.alloc(stat.size), 0, stat.size, 0);
      return { contents: buffer.subarray(0, bytesRead) };
    } finally {
      await file.close();
    }
  } catch (error) {
    const cause = causes[(error as NodeJS.ErrnoException).code ?? ''];
    return cause ? { cause } : { cause: 'unreadable', reason: why(error) };
  }
}
