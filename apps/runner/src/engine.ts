import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { statusOf } from '@horde/job-runner';
import type Docker from 'dockerode';

/** Whether an error of the engine says that there is no such thing. */
export const isMissing = (error: unknown): boolean => statusOf(error) === 404;

/** Of something that is not there: null. */
export function orNull(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}

/** It has ended already, or runs already, or is being removed. */
export function unlessSo(error: unknown): void {
  if (![304, 409].includes(statusOf(error) ?? 0)) throw error;
}

/** Runs a container that sees a mount, and nothing else, to its end. @returns what it writes */
export async function outputOf(
  docker: Docker,
  image: string,
  { words, mount }: { words: string[]; mount: Docker.MountSettings },
): Promise<string> {
  const output = new PassThrough();
  const read = text(output);
  const [program, ...more] = words;
  const options = {
    Entrypoint: [program!],
    HostConfig: { Mounts: [mount], NetworkMode: 'none', LogConfig: { Type: 'none', Config: {} } },
  };
  try {
    const streams = [output, new PassThrough().resume()];
    const [, container] = (await docker.run(image, more, streams, { Tty: false, ...options })) as [
      unknown,
      Docker.Container,
    ];
    // Not by the engine itself: it may have done so before it is asked how the container ended.
    await container.remove({ force: true });
  } finally {
    output.end();
  }
  return read;
}
