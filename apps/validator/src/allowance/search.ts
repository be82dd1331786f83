import type { Offer } from './manifests.ts';
import type { OwnBlocks } from './own-blocks.ts';

/** What can be spent now of one miner's executors of a class. @unit executor-seconds */
export interface AccountState {
  minerHotkey: string;
  /** All that its blocks give. */
  total: number;
  /** Of that, what no job has booked. */
  available: number;
  /** Of that, what no job was paid with: booked blocks that may yet come back are in it. */
  unspent: number;
  /** The oldest block that is free; null: none is. */
  firstFreeBlock: number | null;
}

/** Sums of many blocks differ from verdicts by their rounding, and reserving reckons exactly. @unit executor-seconds */
const rounding = 1e-6;

/** What is left of an account. @param booked its booked blocks, and whether each is spent */
export function accountState(
  minerHotkey: string,
  own: OwnBlocks,
  offer: Offer,
  booked: ReadonlyMap<number, boolean>,
): AccountState {
  const total = own.total(offer);
  const oldest = own.oldest(offer);
  let [reserved, spent] = [0, 0];
  for (const [block, isSpent] of booked) {
    if (block < oldest) continue;
    const value = own.value(block, offer.count(block));
    if (isSpent) spent += value;
    else reserved += value;
  }
  return {
    minerHotkey,
    total,
    available: Math.max(0, total - reserved - spent),
    unspent: Math.max(0, total - spent),
    firstFreeBlock: firstFree(own, offer, booked),
  };
}

/**
 * The accounts that can pay for a job, as ComputeHorde's validator orders them: the one with the oldest free block
 * first, then the one with most of its allowance left, then the one with most left.
 */
export const enough = (accounts: readonly AccountState[], seconds: number): AccountState[] =>
  accounts
    .filter(({ available }) => available >= seconds - rounding)
    .toSorted(
      (a, b) =>
        (a.firstFreeBlock ?? Infinity) - (b.firstFreeBlock ?? Infinity) ||
        b.available / b.total - a.available / a.total ||
        b.available - a.available,
    );

function firstFree(own: OwnBlocks, offer: Offer, booked: ReadonlyMap<number, boolean>): number | null {
  for (let block = own.oldest(offer); block < own.end; block++) {
    if (!booked.has(block) && own.value(block, 1) > 0 && offer.count(block) > 0) return block;
  }
  return null;
}
