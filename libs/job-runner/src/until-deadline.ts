import { clampDelay } from '@horde/async';
import type { RunOptions } from './runner.ts';

/**
 * Waits for a job's end. At the deadline, and on abort, `kill` is called (once) and waited for.
 *
 * @returns null when the deadline passed first
 * @throws the signal's reason on abort; whatever `ended` rejects with, after `kill`
 */
export async function untilDeadline<Outcome>(
  ended: Promise<Outcome>,
  { signal, deadline }: RunOptions,
  kill: () => Promise<void>,
): Promise<Outcome | null> {
  const stop = Promise.withResolvers<null>();
  const abort = () => stop.reject(signal.reason);
  const timer = setTimeout(() => stop.resolve(null), clampDelay(deadline - Date.now()));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const outcome = await Promise.race([ended, stop.promise]);
    if (outcome === null) await kill();
    return outcome;
  } catch (error) {
    await kill();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
