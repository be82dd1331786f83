import type Docker from 'dockerode';
import { failures } from '../failures.ts';
import { engineSays } from './engine-says.ts';

/** How long the engine may take for one answer, in milliseconds. */
const engineLimit = 60_000;

export interface EngineWait {
  /** Milliseconds. @default 60 000 */
  limit?: number;
  /** Ends the wait with its reason. The engine goes on: whoever waited has to clear away what it makes. */
  signal?: AbortSignal;
}

/**
 * Waits for an answer of the engine, but not without end.
 *
 * @param task the end of the sentence "The Docker engine did not ..."
 * @throws Error with the engine's own sentence, or saying that no answer came
 */
export async function fromEngine<Answer>(
  answer: Promise<Answer>,
  task: string,
  { limit = engineLimit, signal }: EngineWait = {},
): Promise<Answer> {
  const over = Promise.withResolvers<never>();
  const abort = () => over.reject(signal!.reason as Error);
  const late = () => over.reject(failures.ENGINE_SLOW(task, limit / 1000));
  const timer = setTimeout(late, limit);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return await Promise.race([answer, over.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** An error of the engine as a sentence; any other error as it is. */
export function engineError(error: unknown): Error {
  const status = statusOf(error);
  // What the engine calls a bad request is what the job asked for: the rest of the request is ours.
  if (status === 400) return failures.JOB_REFUSED_BY_ENGINE(engineSays(error)).because(error);
  return status ? failures.ENGINE_REFUSED(engineSays(error)).because(error) : (error as Error);
}

/** The HTTP status that the engine answered with; undefined: it is no answer of an engine. */
export function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | null)?.statusCode;
}

/** Kills a container and waits for its end; one that has ended already is fine. */
export async function killContainer(container: Docker.Container, exited: Promise<unknown>): Promise<void> {
  await fromEngine(container.kill(), 'kill the job').catch((error: unknown) => {
    if (statusOf(error) !== 409 && statusOf(error) !== 404) throw error;
  });
  await fromEngine(exited, 'end the job');
}

/** Resolves when the container is gone, whoever removes it. */
export async function removeContainer(container: Docker.Container): Promise<void> {
  try {
    await fromEngine(container.remove({ force: true, v: true }), 'remove a container');
  } catch (error) {
    if (statusOf(error) === 404) return;
    if (statusOf(error) !== 409) throw engineError(error);
    const removed = container.wait({ condition: 'removed' });
    await fromEngine(removed, 'remove a container').catch((gone: unknown) => {
      if (statusOf(gone) !== 404) throw engineError(gone);
    });
  }
}
