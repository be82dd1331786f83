import { pause, steadyNow } from '@horde/async';
import type { Attempt } from '../jobs/attempt.entity.ts';
import type { MinerConnection } from '../miner/miner-connection.ts';
import type { MinerDelivery } from '../miner/miner-delivery.ts';

/** How long the last receipt of an attempt is tried to be handed over, each of two times. @unit ms */
const receiptLimit = 10_000;
/** How often its miner is called for that. */
const receiptCalls = 5;

/**
 * Gives a miner all that still waits for it about an attempt that has ended, and leaves the connection.
 *
 * @param rest resolves when nothing more is waited for on it
 * @returns false when it could not be given now
 * @throws what the run is ended with
 */
export async function handOverReceipt(
  miner: MinerConnection,
  { miner_hotkey, uuid }: Attempt,
  delivery: MinerDelivery,
  rest: Promise<void>,
): Promise<boolean> {
  let isGiven = false;
  try {
    miner.finish();
    for (const _time of [1, 2]) {
      if (!miner.open && !(await miner.reopen(steadyNow() + receiptLimit, receiptCalls))) break;
      isGiven = await inTime(delivery.give(miner.open!, miner_hotkey, uuid));
      if (isGiven) break;
      miner.close(false);
    }
  } finally {
    await rest;
    miner.close(isGiven);
  }
  return isGiven;
}

/** A miner may keep its acknowledgement to itself. @returns false then */
async function inTime(given: Promise<boolean>): Promise<boolean> {
  const over = new AbortController();
  const late = pause(receiptLimit, over.signal).then(
    () => false,
    () => false,
  );
  return Promise.race([given, late]).finally(() => over.abort());
}
