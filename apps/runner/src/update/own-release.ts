import type Docker from 'dockerode';
import { machineArchitecture, type ReleasedImage, type ReleaseList } from '@horde/release';
import { idOf, listedImages } from '../images.ts';
import type { Release, ReleaseState } from './release-state.ts';

/** Of a list the image that is this runner's, on this machine. */
export const imageIn = (list: ReleaseList, role: string): ReleasedImage | null =>
  list.images.find(
    ({ name, architecture }) => name === `${role}-runner` && architecture === machineArchitecture,
  ) ?? null;

/** What a list names, as it is remembered once it is on the engine. */
export const releaseIn = (
  list: ReleaseList,
  image: ReleasedImage,
  { id, repositories }: { id: string; repositories: string },
): Release => ({
  id,
  reference: `${repositories}/${image.name}@${image.digest}`,
  version: list.version,
  number: list.number,
  images: [],
});

/**
 * What is to be remembered as the release that runs here.
 *
 * @param own the id of the image that this runner was started from
 * @returns null: it is remembered already
 */
export function currentRelease(
  own: string,
  { current }: ReleaseState,
  { images, listed }: { images: string[]; listed: Release | null },
): Release | null {
  const known = current?.id === own ? current : null;
  if (known && known.images.length > 0 && (known.number !== null || listed === null)) return null;
  return {
    id: own,
    reference: listed?.reference ?? known?.reference ?? null,
    version: listed?.version ?? known?.version ?? null,
    number: listed?.number ?? known?.number ?? null,
    images,
  };
}

/** What this runner starts: ids and digests. */
export async function imagesStarted(file: string): Promise<string[]> {
  const listed = await listedImages(file);
  return listed.flatMap(({ id, digest }) => [id, digest].filter((one) => one !== null));
}

/**
 * Whether the image that this runner was started from is one that this install knows: others were put in its place by
 * somebody else, such as an old watchtower.
 *
 * @param named the id of the image that RUNNER_IMAGE names by digest; null: it names none that is here
 */
export function isKnown(own: string, { current, update }: ReleaseState, named: string | null): boolean {
  return [current?.id, update?.from?.id, update?.to.id, named].includes(own);
}

/** The id of what RUNNER_IMAGE in `.env` names. A tag names nothing: it may lead to anything. */
export async function namedByOperator(
  docker: Docker,
  { RUNNER_IMAGE: name = '' }: Record<string, string>,
): Promise<string | null> {
  if (!/(^|@)sha256:[\da-f]{64}$/.test(name)) return null;
  return idOf(docker, name);
}
