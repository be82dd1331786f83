import { accountOf, type Account, type Offer } from './manifests.ts';
import type { Blocks } from './blocks.ts';
import type { BlockRange } from './history.ts';
import { allowanceOf } from './rules.ts';

/** What some blocks give a validator of a miner's executors of a class. */
export interface AllowanceSum extends Account {
  validatorHotkey: string;
  /** @unit executor-seconds */
  seconds: number;
}

/** What the blocks of a range give every validator, without what was lost since; nothing is left out. */
export function allowanceSums(
  blocks: Blocks,
  { from, to }: BlockRange,
  /** By `accountKey`. */
  offers: ReadonlyMap<string, Offer>,
): AllowanceSum[] {
  const sums: AllowanceSum[] = [];
  for (const [key, offer] of offers) {
    const ofValidators = new Map<string, number>();
    for (let number = Math.max(from, offer.lastDrop ?? from); number <= to; number++) {
      const [block, duration, count] = [blocks.get(number), blocks.duration(number), offer.count(number)];
      if (!block || duration === null || count === 0) continue;
      for (const [hotkey, share] of block.shares) {
        const seconds = allowanceOf(count, share, duration, block.multiplier);
        if (seconds > 0) ofValidators.set(hotkey, (ofValidators.get(hotkey) ?? 0) + seconds);
      }
    }
    for (const [validatorHotkey, seconds] of ofValidators)
      sums.push({ ...accountOf(key), validatorHotkey, seconds });
  }
  return sums;
}
