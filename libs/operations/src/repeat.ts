/**
 * Does `work` again and again in this process, one at a time: while it takes longer than `interval`, turns are left out.
 *
 * @param interval ms
 * @param failed is told what `work` throws; it is done again all the same
 * @returns a function that ends it
 */
export function repeat(
  work: () => Promise<unknown>,
  interval: number,
  failed: (error: unknown) => void,
): () => void {
  let isRunning = false;
  const timer = setInterval(() => {
    if (isRunning) return;
    isRunning = true;
    void work()
      .catch(failed)
      .finally(() => (isRunning = false));
  }, interval).unref();
  return () => clearInterval(timer);
}

/**
 * Does `work` less often while there is little to do: of calls that come while `isIdle` only one in `turns` does it.
 *
 * @param isIdle what the last look has shown
 */
export function sparingly(
  turns: number,
  isIdle: () => boolean,
  work: () => Promise<unknown>,
): () => Promise<void> {
  let turn = 0;
  return async () => {
    if (!isIdle() || ++turn % turns === 0) await work();
  };
}
