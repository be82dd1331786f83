import type { Offer } from './manifests.ts';
import type { OwnBlocks } from './own-blocks.ts';

/**
 * The blocks that pay for a job: the oldest that are free, until they give enough. What the last one gives too much is
 * lost.
 *
 * @param isBooked whether another job has a block
 * @param seconds executor-seconds
 * @returns null when all that are free do not give enough
 */
export function chooseBlocks(
  own: OwnBlocks,
  offer: Offer,
  isBooked: (block: number) => boolean,
  seconds: number,
): number[] | null {
  const chosen: number[] = [];
  let sum = 0;
  for (let block = own.oldest(offer); block < own.end && sum < seconds; block++) {
    if (isBooked(block)) continue;
    const value = own.value(block, offer.count(block));
    if (value <= 0) continue;
    chosen.push(block);
    sum += value;
  }
  return sum < seconds ? null : chosen;
}

/** The first of a booking's blocks that together give so much: what was used of it. */
export function firstBlocks(
  own: OwnBlocks,
  offer: Offer,
  blocks: readonly number[],
  seconds: number,
): number[] {
  let sum = 0;
  const needed = blocks.findIndex((block) => (sum += own.value(block, offer.count(block))) >= seconds);
  return seconds <= 0 ? [] : blocks.slice(0, needed < 0 ? blocks.length : needed + 1);
}
