import type Docker from 'dockerode';

/**
 * Follows what the engine does, until it is done.
 *
 * @param tell gets the lines that it says meanwhile
 * @throws Error with the engine's sentence
 */
export function followed(
  docker: Docker,
  events: NodeJS.ReadableStream,
  tell: (text: string) => void = () => {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(
      events,
      (error) => (error ? reject(error) : resolve()),
      (event: { stream?: string; error?: string }) => {
        if (event.stream) tell(event.stream);
        if (event.error) reject(new Error(event.error));
      },
    );
  });
}

export const isThere = (docker: Docker, image: string): Promise<boolean> =>
  docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      (error: { statusCode?: number }) => {
        if (error.statusCode === 404) return false;
        throw error;
      },
    );

/**
 * Fetches an image where it is not there yet.
 *
 * @returns null, or why it cannot be had
 */
export async function fetchImage(docker: Docker, image: string): Promise<string | null> {
  if (await isThere(docker, image)) return null;
  try {
    await followed(docker, await docker.pull(image));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
