import { close, open, read } from 'node:fs';
import { promisify } from 'node:util';
import type { StoredOutput } from '../runner.ts';

type StreamName = keyof StoredOutput['size'];

const both = ['stdout', 'stderr'] as const;

/** A job's output as it is in its files by now. They may be moved, and removed: what is open here stays. */
export class StoredFiles implements StoredOutput {
  readonly size: Record<StreamName, number> = { stdout: 0, stderr: 0 };
  /** Called when there is more. */
  onGrown: () => void = () => {};
  private reading = 0;
  private isClosed = false;

  private constructor(private readonly files: Record<StreamName, number>) {}

  static async open(paths: Record<StreamName, string>): Promise<StoredFiles> {
    const stdout = await promisify(open)(paths.stdout, 'r');
    const stderr = await promisify(open)(paths.stderr, 'r');
    return new StoredFiles({ stdout, stderr });
  }

  grow(stream: StreamName, bytes: number): void {
    this.size[stream] += bytes;
    this.onGrown();
  }

  async read(stream: StreamName, offset: number, max: number): Promise<Buffer> {
    const length = Math.min(max, this.size[stream] - offset);
    if (length <= 0 || this.isClosed) return Buffer.alloc(0);
    this.reading++;
    try {
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await promisify(read)(this.files[stream], buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      this.reading--;
      this.closeWhenIdle();
    }
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.closeWhenIdle();
  }

  /** A number that is closed may be another file's at once. */
  private closeWhenIdle(): void {
    if (this.isClosed && this.reading === 0) for (const stream of both) close(this.files[stream], () => {});
  }
}
