import { rename, rm } from 'node:fs/promises';
import path from 'node:path';

import type { JobFolders, RunOptions } from '../runner.ts';
import { bytes } from '../wording.ts';
import { KeptText } from './kept-text.ts';
import { MOST_AT_ONCE, OutputFile } from './output-file.ts';

export type StreamName = 'stdout' | 'stderr';

const both = ['stdout', 'stderr'] as const;

/** What a job may print where the operator did not say. */
const DEFAULT_LOG_MAX_BYTES = 2 * 2 ** 30;

export interface JobOutputOptions {
  /** Bytes of both streams together that are kept. @default 2 GiB */
  maxBytes?: number;
  onOutput?: RunOptions['onOutput'];
}

/**
 * A running job's two streams: all their bytes go to files, their ends are kept for the result. The files are written
 * beside the folders that the job sees, and moved into its output folder once it is over.
 *
 * What is printed above `maxBytes` is dropped.
 */
export class JobOutput {
  private readonly limit = Promise.withResolvers<string>();
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
  ) {
    this.maxBytes = maxBytes ?? DEFAULT_LOG_MAX_BYTES;
    this.failure.promise.catch(() => {}); // whoever cares looks at `failed`
    const fail = (error: Error) => {
      this.error ??= error;
      this.failure.reject(error);
    };
    const file = (stream: StreamName) =>
      new OutputFile(files[stream], (chunk) => onOutput?.(stream, chunk), fail);
    this.files = { stdout: file('stdout'), stderr: file('stderr') };
  }

  static async open(folders: JobFolders, options: JobOutputOptions = {}): Promise<JobOutput> {
    const [stdout, stderr] = await Promise.all(
      both.map((stream) => OutputFile.open(fileBeside(folders, stream))),
    );
    return new JobOutput(folders, { stdout: stdout!, stderr: stderr! }, options);
  }

  /** Resolves when the job prints more than `maxBytes`, with a sentence that says so. */
  get overLimit(): Promise<string> {
    return this.limit.promise;
  }

  /** Rejects when the output cannot be stored. */
  get failed(): Promise<never> {
    return this.failure.promise;
  }

  /** Takes a copy of some bytes of a chunk: of all between two flushes at most `MOST_AT_ONCE`. */
  add(stream: StreamName, chunk: Buffer, from = 0, to = chunk.length): void {
    if (this.last !== stream) this.files[this.last].tellNow();
    this.last = stream;
    const room = this.maxBytes - this.total;
    if (to - from > room) {
      const most = `${bytes(this.maxBytes)}, the limit JOB_LOG_MAX_BYTES of this machine`;
      this.limit.resolve(`The job printed more than ${most}, and was killed.`);
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
    for (let at = 0; at < chunk.length; at += MOST_AT_ONCE) {
      await this.files[stream].hasRoom();
      this.add(stream, chunk, at, Math.min(chunk.length, at + MOST_AT_ONCE));
      this.files[stream].flush();
    }
  }

  /** What results carry of both streams. */
  printed(): Record<StreamName, string> {
    return { stdout: this.kept.stdout.text(), stderr: this.kept.stderr.text() };
  }

  /**
   * Call when the job no longer runs: stores what is left and puts the files into its output folder.
   *
   * @throws whatever kept the output from being stored
   */
  async finish(): Promise<void> {
    await this.close();
    if (this.error) throw this.error;
    for (const stream of both) {
      const target = path.join(this.folders.output, `${stream}.txt`);
      // Renaming replaces a link that the job put there and does not follow it; a folder must go first.
      await rm(target, { recursive: true, force: true });
      await rename(fileBeside(this.folders, stream), target);
    }
  }

  async close(): Promise<void> {
    await Promise.all(both.map((stream) => this.files[stream].close()));
  }
}

function fileBeside(folders: JobFolders, stream: StreamName): string {
  return path.join(folders.root, `${stream}.txt`);
}
