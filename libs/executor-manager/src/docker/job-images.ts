import { isMarked, noteUse } from '@horde/job-runner';
import type Docker from 'dockerode';
import type { JobImage, JobImages, JobImagesPolicy } from '../executor-manager.ts';
import { answered, engineSays, findImage, statusOf } from './engine.ts';
import type { Machine } from './machine.ts';

/** Of what an engine lists. */
interface Found extends JobImage {
  id: string;
  /** By the engine's clock. @unit ms since 1970 */
  used: number;
  /** Why it may not be removed, for people; null: it may. */
  kept: string | null;
}

/**
 * Removes from one machine images that executors have fetched for jobs, those that have not been needed for longest
 * first, until the rest keeps to the policy. Never one that any container is made from, that was needed just now, that the
 * miner wants to be there, or that has a name that somebody else gave it.
 *
 * @param wanted images that stay
 */
export async function tidyJobImages(
  machine: Machine,
  wanted: readonly string[],
  policy: JobImagesPolicy,
  signal: AbortSignal,
): Promise<JobImages> {
  const report: JobImages = { machine: machine.name, images: [], removed: [], error: null };
  try {
    if (!(await machine.inReach())) return { ...report, error: machine.trouble };
    const images = await jobImagesOf(machine.docker, wanted, policy);
    const left = new Set(images);
    for (const image of images.filter(({ kept }) => kept === null)) {
      if (signal.aborted || !(await isTooMuch(machine, left, policy))) break;
      if (!(await remove(machine.docker, image))) continue;
      left.delete(image);
      report.removed.push(shown(image));
    }
    return { ...report, images: [...left].map(shown) };
  } catch (error) {
    return { ...report, error: engineSays(error) };
  }
}

const shown = ({ image, bytes, usedAt, kept }: Found): JobImage => ({ image, bytes, usedAt, kept });

async function isTooMuch(
  machine: Machine,
  images: Iterable<Found>,
  { mostBytes, leastFree }: JobImagesPolicy,
): Promise<boolean> {
  const sum = [...images].reduce((bytes, image) => bytes + image.bytes, 0);
  if (mostBytes !== null && sum > mostBytes) return true;
  const free = leastFree > 0 ? await machine.diskFree() : null;
  return free !== null && free < leastFree;
}

/** Those that are marked, the one first that has not been needed for longest. */
async function jobImagesOf(
  docker: Docker,
  wanted: readonly string[],
  { unusedFor }: JobImagesPolicy,
): Promise<Found[]> {
  const [listed, containers, info] = await Promise.all([
    answered(docker.listImages()),
    answered(docker.listContainers({ all: true })),
    answered(docker.info()) as Promise<{ SystemTime: string }>,
  ]);
  const now = Date.parse(info.SystemTime);
  const used = new Set(containers.map(({ ImageID }) => ImageID));
  const stays = new Set<string>();
  for (const name of wanted) {
    const image = await findImage(docker, name);
    if (image) stays.add(image.Id);
  }
  const found = listed.filter(isMarked).map(async ({ Id, Size }): Promise<Found[]> => {
    const image = await findImage(docker, Id);
    if (!image) return [];
    const names = namesOf(image);
    const lastUsed = Date.parse(lastTagTime(image));
    const kept = used.has(Id)
      ? 'a container is made from it'
      : stays.has(Id)
        ? 'it is to be there before a job asks for it'
        : names.length > 1
          ? 'it has a second name'
          : now - lastUsed < unusedFor
            ? 'a job needed it not long ago'
            : null;
    const usedAt = new Date(lastUsed).toISOString();
    const name = names[0] ?? image.RepoDigests?.[0] ?? Id;
    return [{ id: Id, image: name, bytes: Size, used: lastUsed, usedAt, kept }];
  });
  return (await Promise.all(found)).flat().toSorted((a, b) => a.used - b.used);
}

/** Its names but for the mark. */
const namesOf = ({ RepoTags }: Docker.ImageInspectInfo): string[] =>
  (RepoTags ?? []).filter((tag) => !isMarked({ RepoTags: [tag] }));

const lastTagTime = (image: Docker.ImageInspectInfo): string =>
  (image as { Metadata?: { LastTagTime?: string } }).Metadata?.LastTagTime ?? image.Created;

/** @returns whether it is gone: not where a job has come that needs it */
async function remove(docker: Docker, { id, used }: Found): Promise<boolean> {
  const image = await findImage(docker, id);
  if (!image) return true;
  if (Date.parse(lastTagTime(image)) !== used) return false;
  // The mark last: with half of it gone the image is still known as one that may be removed.
  const marks = (image.RepoTags ?? []).filter((tag) => isMarked({ RepoTags: [tag] }));
  try {
    for (const name of [...namesOf(image), ...(image.RepoDigests ?? []), ...marks])
      await answered(docker.getImage(name).remove()).catch((error: unknown) => {
        if (statusOf(error) !== 404) throw error;
      });
    return true;
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    await noteUse(docker, image); // a container is made from it, since now
    return false;
  }
}
