import type { RunOptions } from './runner.ts';

/** setTimeout's longest delay; a later deadline is as good as none. */
const LONGEST_DELAY = 2 ** 31 - 1;

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
  const timer = setTimeout(
    () => stop.resolve(null),
    Math.min(Math.max(0, deadline - Date.now()), LONGEST_DELAY),
  );
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
