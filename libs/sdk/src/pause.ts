import { setTimeout as sleep } from 'node:timers/promises';

/** Waits. @param limit ms @throws the signal's reason when it is aborted */
export async function pauseFor(limit: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(limit, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
