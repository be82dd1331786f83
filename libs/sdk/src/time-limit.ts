import { clampDelay } from '@horde/async';
import { clientError } from './client-error.ts';

export interface TimeLimit {
  signal?: AbortSignal;
  /** @unit seconds @default as long as it takes */
  timeout?: number;
}

/**
 * Does work with a signal that is aborted when its time is over.
 *
 * @param overdue what is still so when its time is over: "The job has not completed"
 * @throws HordeClientError WAIT_TIMEOUT, the signal's reason, and what the work throws
 */
export async function withinTime<Result>(
  { signal, timeout = Infinity }: TimeLimit,
  overdue: () => string,
  work: (until: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController();
  const end = () => late.abort(clientError('WAIT_TIMEOUT', { what: overdue(), seconds: timeout }));
  const timer = timeout === Infinity ? undefined : setTimeout(end, clampDelay(timeout * 1000));
  try {
    const until = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    until.throwIfAborted();
    return await work(until);
  } finally {
    clearTimeout(timer);
  }
}
