import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import type Docker from 'dockerode';

import { pause } from '../pause.ts';
import { bytes, why } from '../wording.ts';
import { fromEngine, statusOf } from './engine.ts';

const GB = 1e9;
/** Milliseconds between two looks at the free space, which cost nothing. */
const LOOK = 500;
/** Milliseconds between two measurements; or this many times what the last one took, if that is longer. */
const MEASURE = 1_000;
const MEASURE_SHARE = 20;
/** The same for a measurement that the free space asks for. */
const HURRIED_SHARE = 4;

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
 * container's writable layer (lengths, as the engine counts). It rejects when they cannot be measured, and when its
 * signal is aborted.
 *
 * Measuring takes at most a twentieth of the time. A job that fills the disk fast is measured at once, because the free
 * space falls. Files that were deleted while open show nowhere but there: so a job is also stopped when the disk has
 * less than 1 GB left (or a quarter of what there was), whoever filled it.
 */
export async function diskWatch(options: DiskWatchOptions): Promise<DiskWatch> {
  const places = await watchedPlaces(options);
  return (container, signal) => diskOverrun(options, places, container, signal);
}

async function diskOverrun(
  options: DiskWatchOptions,
  places: Place[],
  container: Docker.Container,
  signal: AbortSignal,
): Promise<string> {
  let { maxBytes } = options;
  let used = 0;
  let freeThen = places[0]!.free;
  let measuredAt = performance.now();
  let tookLast = 0;
  for (;;) {
    await pause(LOOK, signal);
    const free = await freeBytes(places[0]!.path);
    for (const place of places) {
      if ((await freeBytes(place.path)) < place.least) {
        return (
          `The disk of this machine has less than ${bytes(place.least)} left, and the job was killed. ` +
          'Files that a job deletes while it holds them open take room too.'
        );
      }
    }
    const since = performance.now() - measuredAt;
    const hurried = maxBytes !== null && freeThen - free > (maxBytes - used) / 2;
    const pauseNow = hurried ? HURRIED_SHARE * tookLast : Math.max(MEASURE, MEASURE_SHARE * tookLast);
    if (since < pauseNow) continue;
    const started = performance.now();
    used = await usedBytes(container, options.folders, signal);
    measuredAt = performance.now();
    tookLast = measuredAt - started;
    freeThen = await freeBytes(places[0]!.path);
    maxBytes ??= used + freeThen - Math.min(5 * GB, freeThen / 2);
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
  free: number;
  least: number;
}

async function watchedPlaces({ folders, engineRoot }: DiskWatchOptions): Promise<Place[]> {
  const place = async (path: string): Promise<Place> => {
    const free = await freeBytes(path);
    return { path, free, least: Math.min(GB, free / 4) };
  };
  const engine = place(engineRoot).catch(() => null); // on another machine, or outside of our container
  return [await place(folders[0]!), await engine].filter((found) => found !== null);
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

async function usedBytes(
  container: Docker.Container,
  folders: string[],
  signal: AbortSignal,
): Promise<number> {
  const [inFolders, inLayer] = await Promise.all([sizeOf(folders, signal), writableLayer(container)]);
  return inFolders + inLayer;
}

/** By du(1): it follows no link, goes as deep as a job nests folders, and what it remembers is not our memory. */
function sizeOf(folders: string[], signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    execFile('du', ['-skx', '--', ...folders], { signal, killSignal: 'SIGKILL' }, (error, stdout) => {
      const totals = [...stdout.matchAll(/^(\d+)\t/gm)].map(([, size]) => Number(size) * 1024);
      // It complains about files that vanish under it, and says a total nevertheless.
      if (totals.length === folders.length) resolve(totals.reduce((sum, size) => sum + size, 0));
      else reject(new Error(`The disk use of the job's files cannot be measured: ${why(error)}.`));
    });
  });
}

async function writableLayer(container: Docker.Container): Promise<number> {
  const inspected = container.inspect({ size: true } as object) as Promise<{ SizeRw?: number }>;
  try {
    return (await fromEngine(inspected, "measure the job's files")).SizeRw ?? 0;
  } catch (error) {
    if (statusOf(error) === 404) return 0; // cleaned up meanwhile
    throw error;
  }
}
