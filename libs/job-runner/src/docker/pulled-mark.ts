import type Docker from 'dockerode';

/**
 * The tag by which an engine itself knows that an image was fetched for a job, and not by somebody else: its name begins
 * so. The engine keeps when it was set last, which is when a job last needed the image. Miners look for it.
 */
const repository = 'horde-pulled';

/** Whether the image was fetched for a job. */
export const isMarked = ({ RepoTags }: { RepoTags?: string[] | undefined }): boolean =>
  (RepoTags ?? []).some((tag) => tag.startsWith(`${repository}:`));

/** Notes that an image is needed now. @returns whether it is still there */
export async function noteUse(docker: Docker, { Id }: { Id: string }): Promise<boolean> {
  try {
    await docker.getImage(Id).tag({ repo: repository, tag: Id.replace(/^sha256:/, '').slice(0, 16) });
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

/** Marks an image that was fetched just now, unless it was there already under another name: then it is somebody's. */
export async function markPulled(docker: Docker, reference: string): Promise<void> {
  const image = await docker.getImage(reference).inspect();
  if ((image.RepoTags ?? []).length <= 1 || isMarked(image)) await noteUse(docker, image);
}
