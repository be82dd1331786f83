/** Waits for something that knows no signal; it goes on when the wait is aborted. @throws the signal's reason */
export async function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  let abort!: () => void;
  // Not `Promise.withResolvers`: the SDK runs on Node 20, too.
  const aborted = new Promise<never>((_resolve, reject) => (abort = () => reject(signal.reason)));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
