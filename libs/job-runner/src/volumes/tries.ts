import { failures, JobFailure } from '../failures.ts';
import { RequestRefused } from '../http/client.ts';
import { pause } from '@horde/async';
import { why } from '../wording.ts';

/** An answer that may be another the next time: the server's trouble, or too many requests. */
export class Unavailable extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

/** Whether the same request may be answered better later. */
export const mayPass = (status: number) => status >= 500 || status === 408 || status === 429;

export interface Tries {
  signal: AbortSignal;
  /** Milliseconds before the second and each further try. */
  retryDelays: number[];
}

/**
 * Tries something over the network until it works. A `JobFailure` or a refused address is final, all else is tried
 * again.
 *
 * @param source as messages name it
 * @throws JobFailure download_failed; the signal's reason on abort
 */
export async function inTries<T>(source: string, options: Tries, once: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await once();
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof JobFailure) throw error;
      if (error instanceof RequestRefused) throw failures.VOLUME_ADDRESS_REFUSED(source, error.message);
      if (attempt === options.retryDelays.length) {
        throw error instanceof Unavailable
          ? failures.VOLUME_NOT_SERVED(source, error.status)
          : failures.VOLUME_UNREACHABLE(source, why(error));
      }
    }
    await pause(options.retryDelays[attempt]!, options.signal);
  }
}
