import { pause } from './pause.ts';
import { doublingPause, type Pauses } from './pauses.ts';

/**
 * Does something again until it succeeds, after pauses that double.
 *
 * @param failed gets each error, and the pause until it is tried again in ms
 * @param signal ends it, without an error
 */
export async function untilDone(
  work: () => Promise<unknown>,
  pauses: Pauses,
  failed: (error: unknown, pause: number) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      await work();
      return;
    } catch (error) {
      if (signal.aborted) return;
      const wait = doublingPause(failures, pauses);
      failed(error, wait);
      await pause(wait, signal).catch(() => undefined);
    }
  }
}
