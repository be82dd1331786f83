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

  /** Leaves no room, of an empty one a block. @throws Error when it cannot be made as small as what is there */
  fill(): Promise<void> {
    return again(async () => {
      const { bsize, blocks, bfree } = await statfs(this.folder);
      // A size of 0 would be none at all, and the kernel limits no tmpfs again that has had none.
      this.resize(Math.max(blocks - bfree, 1) * bsize);
    });
  }

  /** Gives the room back. */
  empty(): void {
    this.resize(this.size);
  }

  /** @param keep leaves what is there in a folder beside, to be looked at */
  async remove(keep: boolean): Promise<void> {
    if (keep) execFileSync('cp', ['-a', this.folder, `${this.folder}-kept`]);
    await again(() => void execFileSync('umount', [this.folder]));
  }

  private resize(size: number): void {
    execFileSync('mount', ['-o', `remount,size=${size}`, this.folder], { stdio: 'pipe' });
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
