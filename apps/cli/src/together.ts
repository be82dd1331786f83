/**
 * Runs tasks at the same time. When one fails the others are told to stop, and it throws when none of them runs any
 * more: what is cleared away after it is not made again by one that was late.
 */
export async function together<T extends unknown[]>(
  signal: AbortSignal,
  ...tasks: { [K in keyof T]: (signal: AbortSignal) => Promise<T[K]> }
): Promise<T> {
  const failing = new AbortController();
  const stopping = AbortSignal.any([signal, failing.signal]);
  const results = await Promise.all(
    tasks.map((task) => task(stopping).catch((error: unknown) => failing.abort(error))),
  );
  failing.signal.throwIfAborted();
  return results as T;
}
