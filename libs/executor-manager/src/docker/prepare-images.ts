import type Docker from 'dockerode';
import type { PreparedImage } from '../executor-manager.ts';
import { engineSays, findImage } from './engine.ts';
import { fetchImage, isContent } from './fetch-image.ts';
import type { Machine } from './machine.ts';

/** How long the executor's own image may take to be fetched, as in ComputeHorde. @unit ms */
const ownLimit = 300_000;

/** Fetches an executor's image and images of jobs on one machine, one after the other. */
export async function prepareImagesOn(
  machine: Machine,
  own: string,
  jobImages: string[],
  signal: AbortSignal,
): Promise<PreparedImage[]> {
  const images = [...new Set([own, ...jobImages])];
  if (!(await machine.inReach())) {
    return images.map((image) => ({ machine: machine.name, image, present: false, error: machine.trouble }));
  }
  const prepared: PreparedImage[] = [];
  for (const image of images) {
    const limit = image === own ? AbortSignal.any([signal, AbortSignal.timeout(ownLimit)]) : signal;
    prepared.push(await prepareImage(machine, image, image !== own, limit, signal));
  }
  return prepared;
}

async function prepareImage(
  machine: Machine,
  image: string,
  isOfJobs: boolean,
  limit: AbortSignal,
  signal: AbortSignal,
): Promise<PreparedImage> {
  const about = { machine: machine.name, image };
  try {
    const before = await findImage(machine.docker, image).catch(() => null);
    // One that is named by its content cannot be another one by now.
    if (!(before && isContent(image))) await fetchImage(machine, image, limit);
    if (isOfJobs) await markForJobs(machine, image, before);
    return { ...about, present: true, error: null };
  } catch (error) {
    signal.throwIfAborted();
    const found = await findImage(machine.docker, image).catch(() => null);
    // One that was made on the machine, or loaded there, has no registry that could have a newer one.
    const hasNoRegistry = found !== null && (found.RepoDigests ?? []).length === 0;
    return { ...about, present: found !== null, error: hasNoRegistry ? null : engineSays(error) };
  }
}

/** One that was not there, or that an executor had fetched, may be removed once nobody names it any more. */
async function markForJobs({ docker }: Machine, image: string, before: Docker.ImageInspectInfo | null) {
  const { isMarked, markPulled } = await import('@horde/job-runner'); // it takes a while to load
  if (!before || isMarked(before)) await markPulled(docker, image);
}
