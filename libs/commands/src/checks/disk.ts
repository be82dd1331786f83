import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { fail, ok, warn, type Finding } from '../report.ts';

/** A job may use what is above it. @unit bytes */
const least = 5e9;
/** Room for a few images and a job. @unit bytes */
const enough = 20e9;

/** Looks at the free room of the disks that these folders are on, or are to be on. */
export async function checkDisk(folders: string[]): Promise<Finding> {
  const rooms = await Promise.all(folders.map(async (folder) => ({ folder, free: await freeAt(folder) })));
  const { folder, free } = rooms.reduce((a, b) => (b.free < a.free ? b : a));
  return diskFinding(path.resolve(folder), free);
}

/** What is to be said of a folder whose disk has so much room. @param free @unit bytes */
export function diskFinding(folder: string, free: number): Finding {
  const check = 'disk';
  const says = `${(free / 1e9).toFixed(1)} GB are free at ${folder}.`;
  const fix = 'Make room (docker image prune), or move the folder to a larger disk.';
  if (free < least) return fail(check, says, fix);
  return free < enough ? warn(check, says, fix) : ok(check, says);
}

/** Of the nearest folder that is there. @unit bytes */
async function freeAt(folder: string): Promise<number> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch (error) {
      if (at === path.dirname(at)) throw error;
    }
  }
}
