import { execFileSync } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often filling and removing it is tried: what is there may grow meanwhile, or be in use. */
const tries = 20;
/** Between two tries. @unit ms */
const tryPause = 50;

/** A file system in memory, which can be filled by making it smaller. */
export class MemoryDisk {
  private constructor(
    private readonly folder: string,
    private readonly size: number,
  ) {}

  /** @param size bytes @returns null where nobody may mount one */
  static mount(folder: string, size: number): MemoryDisk | null {
    const options = ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', folder];
    try {
      execFileSync('mount', options, { stdio: 'ignore' });
      return new MemoryDisk(folder, size);
    } catch {
      return null;
    }
  }

  /** Leaves no room. @throws Error when it cannot be made as small as what is there */
  fill(): Promise<void> {
    return again(async () => {
      const { bsize, blocks, bfree } = await statfs(this.folder);
      this.resize((blocks - bfree) * bsize);
    });
  }

  /** Gives the room back. */
  empty(): Promise<void> {
    return again(() => this.resize(this.size));
  }

  /** @param keep leaves what is there in a folder beside, to be looked at */
  async remove(keep: boolean): Promise<void> {
    if (keep) execFileSync('cp', ['-a', this.folder, `${this.folder}-kept`]);
    await again(() => void execFileSync('umount', [this.folder]));
  }

  private resize(size: number): void {
    // With its source, mount need not look for it in what the kernel tells of mounts: where those of containers come and go, one
    // that is there may be missing in that.
    const options = ['-t', 'tmpfs', '-o', `remount,size=${size},mode=755`, 'tmpfs', this.folder];
    execFileSync('mount', options, { stdio: 'pipe' });
  }
}

/** Does something until it is done, so many times at most. */
async function again(work: () => Promise<void> | void): Promise<void> {
  for (let left = tries; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(tryPause);
    }
  }
}
