import type Docker from 'dockerode';
import type { Release } from './release-state.ts';

/**
 * Removes this runner's images of releases that are neither the one that runs nor the one before. Only those that were fetched
 * by digest: what has a tag is somebody's. What a container still uses stays, until the next update.
 *
 * @param repositories of the runner's image and of those that it starts
 * @returns how many were removed
 */
export async function cleanImages(
  docker: Docker,
  repositories: readonly string[],
  kept: (Release | null)[],
): Promise<number> {
  const named = new Set(
    kept.flatMap((one) => (one ? [one.id, one.reference?.split('@')[1], ...one.images] : [])),
  );
  let removed = 0;
  for (const { Id, RepoTags, RepoDigests } of await docker.listImages()) {
    const digests = RepoDigests?.map((one) => one.split('@')) ?? [];
    const isOurs = digests.length > 0 && digests.every(([repository]) => repositories.includes(repository!));
    const isTagged = RepoTags?.some((tag) => tag !== '<none>:<none>');
    if (!isOurs || isTagged || named.has(Id) || digests.some(([, digest]) => named.has(digest))) continue;
    for (const [repository, digest] of digests) {
      const image = docker.getImage(`${repository}@${digest}`);
      if (
        await image.remove().then(
          () => true,
          () => false,
        )
      )
        removed += 1;
    }
  }
  return removed;
}
