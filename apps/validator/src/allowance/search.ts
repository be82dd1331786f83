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

/** Blocks from one to before another. */
type Run = [from: number, to: number];

/** Which blocks of an account are booked, and which of those are spent. */
export class BookedFlags {
  readonly reserved: Run[] = [];
  readonly spent: Run[] = [];
  private readonly flags: Uint8Array;

  /** @param own the blocks that can be spent; others are left out */
  constructor(private readonly own: Pick<OwnBlocks, 'first' | 'end'>) {
    this.flags = new Uint8Array(own.end - own.first);
  }

  /** @param blocks oldest first */
  add(blocks: readonly number[], isSpent: boolean): void {
    const runs = isSpent ? this.spent : this.reserved;
    let run: Run | undefined;
    for (const block of blocks) {
      this.flags[block - this.own.first] = 1;
      if (run?.[1] === block) run[1]++;
      else runs.push((run = [block, block + 1]));
    }
  }

  has(block: number): boolean {
    return this.flags[block - this.own.first] === 1;
  }
}

/** What is left of an account. */
export function accountState(
  minerHotkey: string,
  own: OwnBlocks,
  offer: Offer,
  booked: BookedFlags,
): AccountState {
  const total = own.total(offer);
  const oldest = own.oldest(offer);
  const worth = (runs: readonly Run[]) => runs.reduce((sum, [from, to]) => sum + own.sum(offer, from, to), 0);
  const [reserved, spent] = [worth(booked.reserved), worth(booked.spent)];
  let firstFreeBlock: number | null = null;
  for (let block = oldest; block < own.end && firstFreeBlock === null; block++)
    if (!booked.has(block) && own.value(block, offer.count(block)) > 0) firstFreeBlock = block;
  return {
    minerHotkey,
    total,
    available: Math.max(0, total - reserved - spent),
    unspent: Math.max(0, total - spent),
    firstFreeBlock,
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
