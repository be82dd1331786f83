import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

import type { JobFolders } from '../runner.ts';
import { KeptText } from './kept-text.ts';

export type StreamName = 'stdout' | 'stderr';

/**
 * A running job's two streams: all their bytes go to files, their ends are kept for the result. The files are written
 * beside the folders that the job sees, and moved into its output folder once it is over.
 */
export class JobOutput {
  private constructor(
    private readonly folders: JobFolders,
    private readonly files: Record<StreamName, FileHandle>,
    private readonly kept = { stdout: new KeptText(), stderr: new KeptText() },
  ) {}

  static async open(folders: JobFolders): Promise<JobOutput> {
    const stdout = await open(fileBeside(folders, 'stdout'), 'w', 0o644);
    const stderr = await open(fileBeside(folders, 'stderr'), 'w', 0o644).catch(async (error: unknown) => {
      await stdout.close();
      throw error;
    });
    return new JobOutput(folders, { stdout, stderr });
  }

  /** Resolves once the bytes are in the file: waiting for it is what slows down a job that prints too fast. */
  async write(stream: StreamName, chunk: Buffer): Promise<void> {
    this.kept[stream].add(chunk);
    for (let at = 0; at < chunk.length;) {
      const { bytesWritten } = await this.files[stream].write(chunk, at);
      at += bytesWritten;
    }
  }

  text(stream: StreamName): string {
    return this.kept[stream].text();
  }

  /** Call when the job no longer runs: closes the files and puts them into its output folder. */
  async finish(): Promise<void> {
    await this.close();
    for (const stream of ['stdout', 'stderr'] as const) {
      const target = path.join(this.folders.output, `${stream}.txt`);
      // Renaming replaces a link that the job put there and does not follow it; a folder must go first.
      await rm(target, { recursive: true, force: true });
      await rename(fileBeside(this.folders, stream), target);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.files.stdout.close(), this.files.stderr.close()]);
  }
}

function fileBeside(folders: JobFolders, stream: StreamName): string {
  return path.join(folders.root, `${stream}.txt`);
}
