import { execFileSync } from 'node:child_process';

/** A file system in memory, which can be filled by making it smaller. */
export class MemoryDisk {
  private constructor(private readonly folder: string) {}

  /** @param size bytes @returns null where nobody may mount one */
  static mount(folder: string, size: number): MemoryDisk | null {
    const options = ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', folder];
    try {
      execFileSync('mount', options, { stdio: 'ignore' });
      return new MemoryDisk(folder);
    } catch {
      return null;
    }
  }

  /** @param size bytes; at least what is there */
  resize(size: number): void {
    execFileSync('mount', ['-o', `remount,size=${size}`, this.folder]);
  }

  remove(): void {
    execFileSync('umount', [this.folder]);
  }
}
