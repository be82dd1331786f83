import type { Logger } from './logger.ts';

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

/** Measures. What cannot be measured now keeps its last value, and the rest is told. @param whom is asked */
export async function tryToMeasure(
  logger: Logger,
  whom: string,
  measure: () => Promise<void>,
): Promise<void> {
  try {
    await measure();
  } catch (error) {
    logger.warn({ error }, `${whom} could not be asked for the metrics`);
  }
}
