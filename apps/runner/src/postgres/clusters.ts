import { globSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { writeWhole } from '../update/release-state.ts';

/** What is in the volume of Postgres: a cluster for each major that was in use here, in a folder of its own. */
export interface Clusters {
  /** The majors. */
  there: number[];
  /** The one that counts; null: there is none yet. */
  inUse: number | null;
  /** The ids of the images that they were started from, by major. */
  images: Record<string, string>;
}

/** Where the container that sees the volumes has that of Postgres, and notes which cluster counts. */
const clusterPlaces = { volume: '/postgres', note: '/runner/postgres.json' };

/** Where nothing has been noted, as by a runner from before, there is no cluster but one. */
export async function clustersThere({ volume, note } = clusterPlaces): Promise<Clusters> {
  const there = globSync('*/docker/PG_VERSION', { cwd: volume })
    .map((file) => Number(file.split('/')[0]))
    .toSorted((a, b) => a - b);
  const text = await readFile(note, 'utf8').catch(() => '{}');
  const { inUse, images = {} } = JSON.parse(text) as Partial<Clusters>;
  const isThere = inUse !== undefined && inUse !== null && there.includes(inUse);
  return { there, inUse: isThere ? inUse : (there.at(-1) ?? null), images };
}

/** Notes which cluster counts from now on, and what it is started from. */
export async function useCluster(major: number, image: string, places = clusterPlaces): Promise<void> {
  const { images } = await clustersThere(places);
  await writeWhole(places.note, JSON.stringify({ inUse: major, images: { ...images, [major]: image } }));
}

/** Removes a cluster that does not count, such as what an upgrade that failed has left. */
export async function removeCluster(major: number, places = clusterPlaces): Promise<void> {
  const { inUse } = await clustersThere(places);
  if (major !== inUse) await rm(`${places.volume}/${major}`, { recursive: true, force: true });
}
