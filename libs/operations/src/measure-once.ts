/** How old what was measured may be. @unit ms */
const defaultFreshness = 2_000;

/**
 * For what anybody may ask for, and is dear to find out: it is measured once at a time, for all who ask meanwhile, and
 * again for whoever asks when the last measurement ended so long ago.
 *
 * @param freshness ms, 2,000 by default
 */
export function measureOnce(measure: () => Promise<void>, freshness = defaultFreshness): () => Promise<void> {
  let running: Promise<void> | null = null;
  let endedAt = -Infinity;
  return () => {
    if (!running && performance.now() - endedAt < freshness) return Promise.resolve();
    running ??= measure().finally(() => {
      running = null;
      endedAt = performance.now();
    });
    return running;
  };
}
