import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { failures } from '../failures.ts';
import { why } from '../wording.ts';
import type { Budget } from './budget.ts';
import { VolumeFile } from './volume-file.ts';

const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;
/** As ComputeHorde's volumes: whatever user the container runs as can read, change and execute the files. */
const openToAll = 0o777;

/**
 * Makes files and folders inside one folder, open to every user. Paths are lists of names without `..`; as only this
 * writes there, and never a link, they cannot lead out of it.
 */
export class VolumeWriter {
  private readonly folders = new Map<string, Promise<void>>();
  private readonly files = new Set<string>();

  constructor(private readonly folder: string) {}

  /** Makes a folder and those above it, each once. */
  async makeFolder(components: string[], budget: Budget): Promise<void> {
    for (let depth = 1; depth <= components.length; depth++) {
      const relative = components.slice(0, depth).join('/');
      let made = this.folders.get(relative);
      if (!made) {
        if (this.files.has(relative)) throw bothFileAndFolder(relative);
        budget.spendEntry();
        made = makeOpenFolder(path.join(this.folder, relative));
        this.folders.set(relative, made);
      }
      await made.catch((error: unknown) => {
        throw failures.VOLUME_NOT_WRITTEN(relative, why(error));
      });
    }
  }

  /** Opens a file to be written from its start, replacing one that is there. */
  async makeFile(components: string[], budget: Budget): Promise<VolumeFile> {
    await this.makeFolder(components.slice(0, -1), budget);
    budget.spendEntry();
    const relative = components.join('/');
    if (this.folders.has(relative)) throw bothFileAndFolder(relative);
    this.files.add(relative);
    try {
      const file = await open(path.join(this.folder, relative), O_CREAT | O_NOFOLLOW | O_TRUNC | O_WRONLY);
      await file.chmod(openToAll); // open's mode is cut by the umask
      return new VolumeFile(file, relative);
    } catch (error) {
      throw failures.VOLUME_NOT_WRITTEN(relative, why(error));
    }
  }
}

const bothFileAndFolder = (relative: string) => failures.VOLUME_NOT_WRITTEN(relative, 'it is a folder, too');

async function makeOpenFolder(folder: string): Promise<void> {
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const made = await open(folder, constants.O_DIRECTORY | O_NOFOLLOW);
  await made.chmod(openToAll).finally(() => made.close());
}
