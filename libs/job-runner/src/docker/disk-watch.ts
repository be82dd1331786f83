import { spawn } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import type Docker from 'dockerode';
import { bytes } from '@horde/protocol';
import { failures } from '../failures.ts';
import { pause } from '@horde/async';
import { why } from '../wording.ts';
import { fromEngine, statusOf } from './engine.ts';

const gigabyte = 1e9;
/** Milliseconds between two looks at the free space, which cost nothing. */
const lookInterval = 500;
/** Milliseconds between two measurements; or this many times what the last one took, if that is longer. */
const measureInterval = 1_000;
const measureShare = 20;
/** The same for a measurement that the free space asks for, and the longest pause before it. */
const hurriedShare = 4;
const maxHurriedPause = 10_000;
/** Measurements that may fail one after the other: a job that moves folders about can spoil one. */
const maxFailures = 5;
/** How long the engine may take to walk through a writable layer, in milliseconds. */
const layerLimit = 600_000;

export interface DiskWatchOptions {
  /** The folders of this machine that the job writes to. */
  folders: string[];
  /** Where the engine keeps the writable layer, if that can be seen from here: its free space is looked at too. */
  engineRoot: string;
  /** Bytes; null: what is there already and the free space, less 5 GB (less half of it where there is under 10 GB). */
  maxBytes: number | null;
}

/** Follows the disk that a container's files take; see `diskWatch`. */
export type DiskWatch = (container: Docker.Container, signal: AbortSignal) => Promise<string>;

/**
 * Looks at the free space as it is before a job starts. What it returns resolves, with a sentence that names the limit,
 * when the job's files take too much disk: those in its folders (blocks, so that holes count nothing) and those in its
 * container's writable layer (lengths, as the engine counts); and when the job keeps them from being measured. It
 * rejects when this machine cannot measure, and when its signal is aborted.
 *
 * Measuring takes at most a twentieth of the time. A job that fills the disk fast is measured sooner, because the free
 * space falls. Files that were deleted while open show nowhere but there: so a job is also stopped when the disk has
 * less than 1 GB left (or a quarter of what there was), whoever filled it.
 */
export async function diskWatch(options: DiskWatchOptions): Promise<DiskWatch> {
  const places = await watchedPlaces(options);
  return (container, signal) =>
    // Side by side: a walk through very many files takes long, and the disk must not fill up meanwhile.
    Promise.race([diskIsFull(places, signal), jobTakesTooMuch(options, places, container, signal)]);
}

async function diskIsFull(places: Place[], signal: AbortSignal): Promise<string> {
  for (;;) {
    await pause(lookInterval, signal);
    for (const { path, least } of places) {
      if ((await freeBytes(path)) < least) {
        return (
          `The disk of this machine has less than ${bytes(least)} left, and the job was killed. ` +
          'Files that a job deletes while it holds them open take room too.'
        );
      }
    }
  }
}

async function jobTakesTooMuch(
  { folders, maxBytes }: DiskWatchOptions,
  places: Place[],
  container: Docker.Container,
  signal: AbortSignal,
): Promise<string> {
  let used = 0;
  let failed = 0;
  let free = places.map((place) => place.free);
  let measuredAt = performance.now();
  let took = 0;
  for (;;) {
    await pause(lookInterval, signal);
    const now = await freeOf(places);
    const fallen = Math.max(...now.map((bytesFree, place) => free[place]! - bytesFree));
    const hurried = failed > 0 || (maxBytes !== null && fallen > (maxBytes - used) / 2);
    const rest = hurried
      ? Math.min(maxHurriedPause, hurriedShare * took)
      : Math.max(measureInterval, measureShare * took);
    if (performance.now() - measuredAt < rest) continue;

    const started = performance.now();
    const measured = await usedBytes(container, folders, signal);
    measuredAt = performance.now();
    took = measuredAt - started;
    failed = measured === null ? failed + 1 : 0;
    if (failed === maxFailures) {
      return (
        'The job changed its files in such a way that the disk they take could not be measured, which has the limit ' +
        'JOB_DISK_MAX_BYTES of this machine, and the job was killed.'
      );
    }
    if (measured === null) continue;
    used = measured;
    free = await freeOf(places);
    maxBytes ??= used + free[0]! - Math.min(5 * gigabyte, free[0]! / 2);
    if (used > maxBytes) {
      return (
        `The job's files took more than ${bytes(maxBytes)} of disk, the limit JOB_DISK_MAX_BYTES of this machine, ` +
        'and the job was killed.'
      );
    }
  }
}

interface Place {
  path: string;
  /** Bytes, when the watch began. */
  free: number;
  least: number;
}

async function watchedPlaces({ folders, engineRoot }: DiskWatchOptions): Promise<Place[]> {
  const place = async (path: string): Promise<Place> => {
    const free = await freeBytes(path);
    return { path, free, least: Math.min(gigabyte, free / 4) };
  };
  const engine = place(engineRoot).catch(() => null); // on another machine, or outside of our container
  return [await place(folders[0]!), await engine].filter((found) => found !== null);
}

const freeOf = (places: Place[]) => Promise.all(places.map(({ path }) => freeBytes(path)));

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** @returns null where the files changed too much while they were measured */
async function usedBytes(
  container: Docker.Container,
  folders: string[],
  signal: AbortSignal,
): Promise<number | null> {
  const [inFolders, inLayer] = await Promise.all([sizeOf(folders, signal), writableLayer(container, signal)]);
  return inFolders === null || inLayer === null ? null : inFolders + inLayer;
}

/** By du(1): it follows no link, goes as deep as a job nests folders, and what it remembers is not our memory. */
function sizeOf(folders: string[], signal: AbortSignal): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const du = spawn('du', ['-skx', '--', ...folders], {
      signal,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'ignore'], // it complains about each file that vanishes under it
    });
    let printed = '';
    du.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    du.once('error', (error) => reject(failures.DISK_NOT_MEASURED(why(error))));
    du.once('close', () => {
      const totals = [...printed.matchAll(/^(\d+)\t/gm)].map(([, size]) => Number(size) * 1024);
      // A folder that was moved away from where it walks is the end of its walk.
      resolve(totals.length === folders.length ? totals.reduce((sum, size) => sum + size, 0) : null);
    });
  });
}

async function writableLayer(container: Docker.Container, signal: AbortSignal): Promise<number | null> {
  const inspected = container.inspect({ size: true } as object) as Promise<{ SizeRw?: number }>;
  try {
    const { SizeRw } = await fromEngine(inspected, "measure the job's files", { limit: layerLimit, signal });
    return SizeRw ?? 0;
  } catch (error) {
    if (statusOf(error) === 404) return 0; // cleaned up meanwhile
    if (statusOf(error)) return null;
    throw error;
  }
}
