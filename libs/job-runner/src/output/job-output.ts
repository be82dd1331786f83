import { rename } from 'node:fs/promises';
import path from 'node:path';
import { bytes } from '@horde/protocol';
import type { Ending, JobFolders, RunOptions } from '../runner.ts';
import { failures } from '../failures.ts';
import { why } from '../wording.ts';
import { KeptText } from './kept-text.ts';
import { maxAtOnce, OutputFile } from './output-file.ts';
import { StoredFiles } from './stored-output.ts';

export type StreamName = 'stdout' | 'stderr';

const both = ['stdout', 'stderr'] as const;

/** What a job may print where the operator did not say. */
const defaultLogMaxBytes = 2 * 2 ** 30;

export interface JobOutputOptions {
  /** Bytes of both streams together that are kept. @default 2 GiB */
  maxBytes?: number;
  onOutput?: RunOptions['onOutput'];
  onStored?: RunOptions['onStored'];
}

/**
 * A running job's two streams: all their bytes go to files, their ends are kept for the result. The files are written
 * beside the folders that the job sees, and moved into its output folder once it is over.
 *
 * What is printed above `maxBytes`, or when nothing more can be stored, is dropped.
 */
export class JobOutput {
  private readonly limit = Promise.withResolvers<string>();
  /** What `limit` was resolved with. */
  private overran: string | null = null;
  private readonly failure = Promise.withResolvers<never>();
  private readonly files: Record<StreamName, OutputFile>;
  private readonly kept = { stdout: new KeptText(), stderr: new KeptText() };
  private readonly maxBytes: number;
  private error: Error | null = null;
  private total = 0;
  private last: StreamName = 'stdout';

  private constructor(
    private readonly folders: JobFolders,
    files: Record<StreamName, number>,
    { maxBytes, onOutput }: JobOutputOptions,
    stored: StoredFiles | null,
  ) {
    this.maxBytes = maxBytes ?? defaultLogMaxBytes;
    this.failure.promise.catch(() => {}); // whoever cares looks at `failed`
    const fail = (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
        this.stop(`What the job printed could not be stored, as ${why(error)}, and the job was killed.`);
        return;
      }
      this.error ??= failures.OUTPUT_NOT_STORED(why(error)).because(error);
      this.failure.reject(this.error);
    };
    const file = (stream: StreamName) =>
      new OutputFile(
        files[stream],
        (chunk) => onOutput?.(stream, chunk),
        fail,
        (written) => stored?.grow(stream, written),
      );
    this.files = { stdout: file('stdout'), stderr: file('stderr') };
  }

  static async open(folders: JobFolders, options: JobOutputOptions = {}): Promise<JobOutput> {
    const [stdout, stderr] = await Promise.all(
      both.map((stream) => OutputFile.open(fileBeside(folders, stream))),
    );
    const paths = { stdout: fileBeside(folders, 'stdout'), stderr: fileBeside(folders, 'stderr') };
    const stored = options.onStored ? await StoredFiles.open(paths) : null;
    if (stored) options.onStored!(stored);
    return new JobOutput(folders, { stdout: stdout!, stderr: stderr! }, options, stored);
  }

  /** Resolves when the job prints more than `maxBytes` or than the disk holds, with a sentence that says so. */
  get overLimit(): Promise<string> {
    return this.limit.promise;
  }

  /** Rejects when the output cannot be stored. */
  get failed(): Promise<never> {
    return this.failure.promise;
  }

  /** Takes a copy of some bytes of a chunk: of all between two flushes at most `maxAtOnce`. */
  add(stream: StreamName, chunk: Buffer, from = 0, to = chunk.length): void {
    if (this.last !== stream) this.files[this.last].tellNow();
    this.last = stream;
    const room = this.maxBytes - this.total;
    if (to - from > room) {
      const most = `${bytes(this.maxBytes)}, the limit JOB_LOG_MAX_BYTES of this machine`;
      this.stop(`The job printed more than ${most}, and was killed.`);
    }
    const end = Math.min(to, from + room);
    this.total += end - from;
    this.files[stream].add(chunk, from, end);
    this.kept[stream].add(chunk, from, end);
  }

  /**
   * Has what was added stored.
   *
   * @returns null: more can be added; a promise: it can be once this resolves. Waiting for it is what slows down a job
   * that prints faster than the disk takes it
   */
  flush(): Promise<void> | null {
    const { stdout, stderr } = this.files;
    stdout.flush();
    stderr.flush();
    if (!stdout.isFull && !stderr.isFull) return null;
    return Promise.all([stdout.hasRoom(), stderr.hasRoom()]).then(() => {});
  }

  /** Takes bytes of any length; resolves when more can be taken. */
  async write(stream: StreamName, chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; at += maxAtOnce) {
      await this.files[stream].hasRoom();
      this.add(stream, chunk, at, Math.min(chunk.length, at + maxAtOnce));
      this.files[stream].flush();
    }
  }

  /** What results carry of both streams. */
  printed(): Record<StreamName, string> {
    return { stdout: this.kept.stdout.text(), stderr: this.kept.stderr.text() };
  }

  /**
   * How a job ended, with what it printed, once that is stored. A job that ended by itself before it could be killed for
   * what it printed has failed by that all the same: not all of it is there.
   */
  ending<Outcome extends Omit<Ending, StreamName>>(outcome: Outcome): Outcome & Pick<Ending, StreamName> {
    const ended = outcome.timedOut || outcome.limit !== null || this.overran === null;
    return { ...outcome, ...(!ended && { exitCode: 137, limit: this.overran }), ...this.printed() };
  }

  /**
   * Call when the job no longer runs: stores what is left and puts the files into its output folder.
   *
   * @throws whatever kept the output from being stored
   */
  async finish(): Promise<void> {
    await this.close();
    if (this.error) throw this.error;
    try {
      for (const stream of both)
        await moveOver(fileBeside(this.folders, stream), path.join(this.folders.output, `${stream}.txt`));
    } catch (error) {
      throw failures.OUTPUT_NOT_PLACED(why(error)).because(error);
    }
  }

  async close(): Promise<void> {
    await Promise.all(both.map((stream) => this.files[stream].close()));
  }

  private stop(sentence: string): void {
    this.overran ??= sentence;
    this.limit.resolve(sentence);
  }
}

/** Puts a file in the place of whatever is there: a link is not followed, a folder is moved to where the file was. */
async function moveOver(file: string, target: string): Promise<void> {
  await rename(file, target).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EISDIR') throw error;
    // Not removed here: it may be nested deeper than any path reaches.
    await rename(target, `${file}.replaced`);
    await rename(file, target);
  });
}

function fileBeside(folders: JobFolders, stream: StreamName): string {
  return path.join(folders.root, `${stream}.txt`);
}
