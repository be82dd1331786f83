import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

import { failures } from '../failures.ts';
import { why } from '../wording.ts';

const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;
/** As ComputeHorde's volumes: whatever user the container runs as can read, change and execute the files. */
const OPEN_TO_ALL = 0o777;

/** What may still be written of one part of a volume. */
export class Budget {
  private bytes = 0;
  private entries = 0;

  /**
   * @param source the part, as messages name it
   * @param maxBytes 0 or less: no limit
   */
  constructor(
    readonly source: string,
    private readonly maxBytes: number,
    private readonly maxEntries: number,
  ) {}

  spendBytes(count: number): void {
    this.expectBytes(count);
    this.bytes += count;
  }

  /** Fails early where a size is announced; what is announced is not what is counted. */
  expectBytes(count: number): void {
    if (this.maxBytes > 0 && this.bytes + count > this.maxBytes) {
      throw failures.VOLUME_TOO_LARGE(this.source, this.maxBytes);
    }
  }

  spendEntry(): void {
    if (++this.entries > this.maxEntries)
      throw failures.VOLUME_TOO_MANY_ENTRIES(this.source, this.maxEntries);
  }

  /** A download that starts anew. */
  refundBytes(): void {
    this.bytes = 0;
  }
}

/**
 * Makes files and folders inside one folder, open to every user. Paths are lists of names without `..`; as only this
 * writes there, and never a link, they cannot lead out of it.
 */
export class VolumeWriter {
  private readonly known = new Map<string, Promise<void>>();

  constructor(private readonly folder: string) {}

  /** Makes a folder and those above it, each once. */
  async makeFolder(components: string[], budget: Budget): Promise<void> {
    for (let depth = 1; depth <= components.length; depth++) {
      const relative = components.slice(0, depth).join('/');
      let made = this.known.get(relative);
      if (!made) {
        budget.spendEntry();
        made = makeOpenFolder(path.join(this.folder, relative));
        this.known.set(relative, made);
      }
      await made.catch((error: unknown) => {
        throw failures.VOLUME_NOT_WRITTEN(relative, why(error));
      });
    }
  }

  /** Opens a file to be written from its start, replacing one that is there. */
  async makeFile(components: string[], budget: Budget): Promise<FileHandle> {
    await this.makeFolder(components.slice(0, -1), budget);
    budget.spendEntry();
    const relative = components.join('/');
    try {
      const file = await open(path.join(this.folder, relative), O_CREAT | O_NOFOLLOW | O_TRUNC | O_WRONLY);
      await file.chmod(OPEN_TO_ALL); // open's mode is cut by the umask
      return file;
    } catch (error) {
      throw failures.VOLUME_NOT_WRITTEN(relative, why(error));
    }
  }
}

async function makeOpenFolder(folder: string): Promise<void> {
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const made = await open(folder, constants.O_DIRECTORY | O_NOFOLLOW);
  await made.chmod(OPEN_TO_ALL).finally(() => made.close());
}
