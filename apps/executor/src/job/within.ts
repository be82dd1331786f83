/** setTimeout's longest delay; a later deadline is as good as none. @unit ms */
const longestDelay = 2 ** 31 - 1;

/**
 * Does work that has to be over at a deadline. The work gets a signal, aborted with `overrun()` at the deadline or
 * with the reason of `stop`, and has to end soon after it.
 *
 * @param deadline ms since 1970
 * @throws the signal's reason when it was aborted; otherwise what the work throws
 */
export async function within<T>(
  deadline: number,
  overrun: () => Error,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(overrun()),
    Math.min(Math.max(0, deadline - Date.now()), longestDelay),
  );
  const signal = AbortSignal.any([stop, late.signal]);
  try {
    signal.throwIfAborted();
    return await work(signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for something that knows no signal. @throws the signal's reason */
export async function until<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
