import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import type Docker from 'dockerode';
import { reasonOf } from '@horde/network';

/** How long an engine may take for one answer. @unit ms */
const answerLimit = 30_000;

/** The HTTP status that the engine answered with; undefined: it is no answer of an engine. */
export const statusOf = (error: unknown): number | undefined =>
  (error as { statusCode?: number } | null)?.statusCode;

/** The engine's own sentence, without the wrapping of its client. */
export function engineSays(error: unknown): string {
  const { json, message } = error as { json?: { message?: string } | null; message?: string };
  const text = json?.message ?? message?.replace(/^\(HTTP code \d+\) .*? - /, '') ?? String(error);
  return text.trim() || reasonOf(error);
}

/** Waits for an answer of an engine, but not for ever: one that was cut off may never come. */
export async function answered<T>(answer: Promise<T>, limit = answerLimit): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`The Docker engine did not answer within ${limit / 1000} s.`)),
      limit,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** As `answered`; what is not there, or is so already, is fine. */
export async function answeredOrGone(answer: Promise<unknown>, limit?: number): Promise<void> {
  await answered(answer, limit).catch((error: unknown) => {
    if (![304, 404, 409].includes(statusOf(error) ?? 0)) throw error;
  });
}

/**
 * Asks for a container's end. Resolves when the engine has taken note, so that no end after that can be missed.
 *
 * @param condition `removed` for a container that the engine removes at its end, else `next-exit` or `not-running`
 * @returns `exit` resolves with the exit code
 */
export async function exitOf(
  docker: Docker,
  id: string,
  condition: 'removed' | 'next-exit' | 'not-running',
  signal: AbortSignal,
): Promise<{ exit: Promise<number> }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    docker.modem.dial(
      {
        path: `/containers/${id}/wait?`,
        method: 'POST',
        options: { condition },
        isStream: true,
        statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
        abortSignal: signal,
      },
      (error: unknown, stream: unknown) =>
        error ? reject(error as Error) : resolve(stream as IncomingMessage),
    );
  });
  const exit = text(answer).then((body) => {
    const { StatusCode, Error: trouble } = JSON.parse(body) as {
      StatusCode: number;
      Error?: { Message: string } | null;
    };
    if (trouble) throw new Error(trouble.Message);
    return StatusCode;
  });
  exit.catch(() => {}); // of a container that was not even started
  return { exit };
}

/**
 * Fetches an image, newer than the one that is there or not.
 *
 * @throws Error with the engine's or the registry's sentence
 */
export async function pull(docker: Docker, image: string, signal: AbortSignal): Promise<void> {
  try {
    const progress = await docker.createImage({ fromImage: image, abortSignal: signal });
    let line = '';
    for await (const chunk of progress as AsyncIterable<Buffer>) {
      const lines = (line + chunk.toString()).split('\n');
      line = lines.pop()!;
      for (const one of lines) refuse(one);
    }
    refuse(line);
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`${image} could not be fetched: ${engineSays(error)}`, { cause: error });
  }
}

function refuse(line: string): void {
  if (line.trim() === '') return;
  const { error } = JSON.parse(line) as { error?: string };
  if (error) throw new Error(error);
}

/** The image as the engine knows it; null: it is not there. */
export async function findImage(docker: Docker, image: string): Promise<Docker.ImageInspectInfo | null> {
  try {
    return await answered(docker.getImage(image).inspect());
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

/** With the tag that a name without one means. */
export function withTag(image: string): string {
  return image.includes('@') || /:[^/]*$/.test(image) ? image : `${image}:latest`;
}

/** Removes a container, running or not, and returns when it is gone. */
export async function removeContainer(docker: Docker, id: string): Promise<void> {
  await answered(docker.getContainer(id).remove({ force: true, v: true })).catch(async (error: unknown) => {
    if (statusOf(error) === 404) return;
    if (statusOf(error) !== 409) throw error;
    // Another is removing it.
    await exitOf(docker, id, 'removed', AbortSignal.timeout(answerLimit))
      .then(({ exit }) => exit)
      .catch((gone: unknown) => {
        if (statusOf(gone) !== 404) throw gone;
      });
  });
}
