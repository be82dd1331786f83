import { readFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import { orNull } from './engine.ts';

/** An image that the inner file starts, as /app/images names it. */
export interface ListedImage {
  name: string;
  repository: string;
  /** Of its manifest, in the registry; null: it was built here, and no registry has it. */
  digest: string | null;
  /** Of its configuration: what the engine calls it. null: it could not be had where the runner was built. */
  id: string | null;
}

/** An image that is neither here nor to be had. */
export class NoImage extends Error {
  override readonly name = 'NoImage';
}

/** Reads the list: a line `NAME REPOSITORY DIGEST ID` for each, with `-` for what there is not. */
export async function listedImages(file: string): Promise<ListedImage[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [name = '', repository = '', digest = '-', id = '-'] = line.split(' ');
    const known = (value: string) => (value === '-' ? null : value);
    return { name, repository, digest: known(digest), id: known(id) };
  });
}

/**
 * What an image is started by: its id where it is on this engine, else its digest, once that has been fetched. Never a tag,
 * which may lead to anything. With all images here no registry is asked.
 *
 * @param tell gets a sentence before an image is fetched
 * @throws NoImage
 */
export async function findImage(
  docker: Docker,
  { name, repository, digest, id }: ListedImage,
  tell: (sentence: string) => void,
): Promise<{ reference: string; labels: Record<string, string> }> {
  const byDigest = digest === null ? null : `${repository}@${digest}`;
  for (const reference of [id, byDigest]) {
    const labels = reference === null ? null : await labelsOf(docker, reference);
    if (labels) return { reference: reference!, labels };
  }
  if (byDigest === null)
    throw new NoImage(
      id === null
        ? `${name} is to be started from ${repository}, which could not be had where this runner was built.`
        : `${name} is to be started from ${repository} (${id}), which this engine does not have, and no registry has it: it was built together with this runner. Load it with docker load.`,
    );
  tell(`Fetching ${byDigest} for ${name}.`);
  await fetchImage(docker, byDigest, name);
  return { reference: byDigest, labels: (await labelsOf(docker, byDigest)) ?? {} };
}

/** @param reference REPOSITORY@DIGEST @throws NoImage */
export async function fetchImage(docker: Docker, reference: string, name: string): Promise<void> {
  try {
    const events = await docker.pull(reference);
    await new Promise<void>((resolve, reject) =>
      docker.modem.followProgress(events, (error) => (error ? reject(error) : resolve())),
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new NoImage(`${reference} for ${name} is not on this engine, and cannot be fetched: ${why}`, {
      cause: error,
    });
  }
}

/** Its labels; null where the engine does not have it. */
async function labelsOf(docker: Docker, reference: string): Promise<Record<string, string> | null> {
  const found = await docker.getImage(reference).inspect().catch(orNull);
  return found && (found.Config.Labels ?? {});
}

/** An image's id; null where the engine does not have it. */
export async function idOf(docker: Docker, image: string): Promise<string | null> {
  return (await docker.getImage(image).inspect().catch(orNull))?.Id ?? null;
}
