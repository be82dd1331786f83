import type { FileHandle } from 'node:fs/promises';
import { failures } from '../failures.ts';
import { why } from '../wording.ts';

/** A file that is written from its start to its end; trouble with the disk is the volume's failure, not the source's. */
export class VolumeFile {
  /** Bytes written so far. */
  size = 0;

  /** @param path inside the volume, for messages; null: the archive that a volume is unpacked from */
  constructor(
    readonly handle: FileHandle,
    private readonly path: string | null,
  ) {}

  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      const written = await this.attempt(this.handle.write(chunk, at, chunk.length - at, this.size));
      at += written.bytesWritten;
      this.size += written.bytesWritten;
    }
  }

  /** Forgets what was written. */
  async restart(): Promise<void> {
    if (this.size === 0) return;
    await this.attempt(this.handle.truncate(0));
    this.size = 0;
  }

  /** A full disk shows here at the latest. */
  async close(): Promise<void> {
    await this.attempt(this.handle.close());
  }

  private attempt<T>(work: Promise<T>): Promise<T> {
    return work.catch((error: unknown) => {
      throw this.path === null
        ? failures.VOLUME_ARCHIVE_NOT_WRITTEN(why(error))
        : failures.VOLUME_NOT_WRITTEN(this.path, why(error));
    });
  }
}
