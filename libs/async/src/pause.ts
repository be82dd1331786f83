import { setTimeout as sleep } from 'node:timers/promises';

/** Waits. @param duration ms @throws the signal's own reason when it is aborted */
export async function pause(duration: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(duration, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
