import { execFileSync } from 'node:child_process';
import { statfs } from 'node:fs/promises';

/** How often filling it is tried: what is there may grow meanwhile. */
const tries = 20;

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
  async fill(): Promise<void> {
    for (let left = tries; ; left--) {
      const { bsize, blocks, bfree } = await statfs(this.folder);
      try {
        return this.resize((blocks - bfree) * bsize);
      } catch (error) {
        if (left === 0) throw error;
      }
    }
  }

  /** Gives the room back. */
  empty(): void {
    this.resize(this.size);
  }

  /** @param keep leaves what is there in a folder beside, to be looked at */
  remove(keep: boolean): void {
    if (keep) execFileSync('cp', ['-a', this.folder, `${this.folder}-kept`]);
    execFileSync('umount', [this.folder]);
  }

  private resize(size: number): void {
    execFileSync('mount', ['-o', `remount,size=${size}`, this.folder], { stdio: 'ignore' });
  }
}
