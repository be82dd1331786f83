import { clampDelay, steadyNow } from '@horde/async';

/** How long work that was aborted may take to end. @unit ms */
const patience = 30_000;

/**
 * Does work that has to be over at a deadline. The work gets a signal, aborted with `overrun()` at the deadline or
 * with the reason of `stop`, and has to end soon after it; after 30 s it is waited for no longer.
 *
 * @param deadline by `steadyNow`
 * @throws the signal's reason when it was aborted; otherwise what the work throws
 */
export async function withDeadline<T>(
  deadline: number,
  overrun: () => Error,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(overrun()), clampDelay(deadline - steadyNow()));
  const signal = AbortSignal.any([stop, late.signal]);
  const tooLate = Promise.withResolvers<never>();
  let grace: NodeJS.Timeout | undefined;
  const abort = () => (grace = setTimeout(() => tooLate.reject(signal.reason), patience));
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([work(signal), tooLate.promise]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    signal.removeEventListener('abort', abort);
  }
}
