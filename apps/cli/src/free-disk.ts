import { statfs } from 'node:fs/promises';
import { UsageError } from './usage-error.ts';

/** The least free disk that a run may begin with. @unit bytes */
const leastFreeDisk = 2_000_000_000;

/** Throws UsageError when the file system of `folder` has too little room to begin. */
export async function checkFreeDisk(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < leastFreeDisk) {
    throw new UsageError(
      `${folder} has ${(free / 1e9).toFixed(1)} GB free; the network needs ${leastFreeDisk / 1e9} GB to begin.`,
    );
  }
}
