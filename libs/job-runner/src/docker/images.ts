import type Docker from 'dockerode';

import { ImageUnavailable } from '../failures.ts';
import { why } from '../wording.ts';

/** The image a reference means: `:latest` where it has neither tag nor digest. A registry's port is no tag. */
export function fullReference(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? image : `${image}:latest`;
}

interface Pull {
  waiting: number;
  stop: AbortController;
  done: Promise<void>;
}

/** Brings images to one Docker engine, each once for all who wait for it. */
export class Images {
  private readonly pulls = new Map<string, Pull>();

  constructor(private readonly docker: Docker) {}

  /**
   * Returns when the image is on this machine. One that is there already costs no network.
   *
   * @param signal stops waiting; the pull itself stops when nobody waits any more
   * @throws ImageUnavailable
   */
  async ensure(image: string, signal: AbortSignal): Promise<void> {
    const reference = fullReference(image);
    signal.throwIfAborted();
    if (await this.isPresent(reference)) return;
    signal.throwIfAborted();
    const pull = this.pulls.get(reference) ?? this.startPull(reference);
    pull.waiting++;
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([pull.done, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
      if (--pull.waiting === 0) {
        pull.stop.abort();
        if (this.pulls.get(reference) === pull) this.pulls.delete(reference);
      }
    }
  }

  private async isPresent(reference: string): Promise<boolean> {
    try {
      await this.docker.getImage(reference).inspect();
      return true;
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return false;
      throw error;
    }
  }

  private startPull(reference: string): Pull {
    const stop = new AbortController();
    const done = this.pull(reference, stop.signal);
    done.catch(() => {}); // when nobody waits any more
    const pull = { waiting: 0, stop, done };
    this.pulls.set(reference, pull);
    return pull;
  }

  private async pull(reference: string, abortSignal: AbortSignal): Promise<void> {
    try {
      const events = await this.docker.createImage({ fromImage: reference, abortSignal });
      await throwOnError(events);
    } catch (error) {
      throw new ImageUnavailable(reference, engineSays(error));
    }
  }
}

/** Reads the engine's progress (a JSON object a line) to its end; an `error` among it is thrown. */
export async function throwOnError(
  events: AsyncIterable<Buffer | string>,
  onLine: (event: { stream?: string; status?: string }) => void = () => {},
): Promise<void> {
  let rest = '';
  const decoder = new TextDecoder();
  const read = (line: string) => {
    if (line.trim() === '') return;
    const event = JSON.parse(line) as { error?: string; stream?: string; status?: string };
    if (event.error) throw new Error(event.error);
    onLine(event);
  };
  for await (const chunk of events) {
    const lines = (
      rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
    ).split('\n');
    rest = lines.pop()!;
    lines.forEach(read);
  }
  read(rest);
}

/** The engine's own sentence, without the wrapping of its client. */
export function engineSays(error: unknown): string {
  const json = (error as { json?: { message?: string } | null }).json;
  return json?.message ?? why(error);
}
