import { setTimeout as delay } from 'node:timers/promises';

/** Waits; an abort ends the wait with the signal's own reason. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
}
