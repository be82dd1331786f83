import type { Stats } from 'node:fs';
import { uploadPathProblem } from '@horde/protocol';
import { failures } from '../failures.ts';
import { openInside, type OpenFile } from '../inside.ts';
import { why } from '../wording.ts';
import type { Contents } from './contents.ts';

const pieceSize = 64 * 1024;

/** A regular file of a job's output. It is open only while it is read, so that any number of them can be held. */
export class OutputFile implements Contents {
  /**
   * @param folder the job's output folder
   * @param path relative to the folder
   * @param stat as the file was found; reading fails when it is another by then
   */
  constructor(
    private readonly folder: string,
    readonly path: string,
    readonly stat: Stats,
  ) {}

  get size(): number {
    return this.stat.size;
  }

  /**
   * @param memory where each piece is put in the place of the one before
   * @throws JobFailure upload_failed
   */
  async *read(memory = Buffer.allocUnsafeSlow(Math.min(pieceSize, this.size))): AsyncGenerator<Buffer> {
    const { file, stat } = await openOutput(this.folder, this.path);
    try {
      if (!isSame(stat, this.stat)) throw changed();
      for (let at = 0; at < this.size;) {
        const length = Math.min(memory.length, this.size - at);
        const { bytesRead } = await file.read(memory, 0, length, at);
        if (bytesRead === 0) throw changed();
        at += bytesRead;
        yield memory.subarray(0, bytesRead);
      }
    } catch (error) {
      throw failures.UPLOAD_FILE_UNREADABLE(this.path, why(error));
    } finally {
      await file.close();
    }
  }
}

/**
 * Finds a file that a job asks to have uploaded. No link is followed to it, and only a regular file is one.
 *
 * @throws JobFailure upload_failed
 */
export async function findOutputFile(folder: string, path: string): Promise<OutputFile> {
  const problem = uploadPathProblem(path);
  if (problem) throw failures.UPLOAD_PATH_REFUSED(path, `it ${problem}`);
  const { file, stat } = await openOutput(folder, path);
  await file.close();
  return new OutputFile(folder, path, stat);
}

async function openOutput(folder: string, path: string): Promise<OpenFile> {
  try {
    return await openInside(folder, path.split('/'));
  } catch (error) {
    throw failures.UPLOAD_FILE_UNREADABLE(path, why(error));
  }
}

function changed(): Error {
  return new Error('it changed after the job had ended');
}

function isSame(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs;
}
