import type { Offer } from './manifests.ts';
import type { OwnBlocks } from './own-blocks.ts';

/** What can be spent now of one miner's executors of a class. @unit executor-seconds */
export interface AccountState {
  minerHotkey: string;
  /** What its blocks give in all. */
  total: number;
  /** What no job has booked. */
  available: number;
  /** What no job was paid with: booked blocks that may yet come back are in it. */
  unspent: number;
}

/** Sums of many blocks differ from verdicts by their rounding, and reserving reckons exactly. @unit executor-seconds */
const rounding = 1e-6;

/** Blocks from one to before another. */
type Run = [from: number, to: number];

/** The booked blocks of an account. */
export class BookedRuns {
  readonly reserved: Run[] = [];
  readonly spent: Run[] = [];

  /** @param blocks oldest first */
  add(blocks: readonly number[], isSpent: boolean): void {
    const runs = isSpent ? this.spent : this.reserved;
    let run: Run | undefined;
    for (const block of blocks) {
      if (run?.[1] === block) run[1]++;
      else runs.push((run = [block, block + 1]));
    }
  }
}

/** What is left of an account. */
export function accountState(
  minerHotkey: string,
  own: OwnBlocks,
  offer: Offer,
  { reserved, spent }: BookedRuns,
): AccountState {
  const total = own.total(offer);
  const worth = (runs: readonly Run[]) => runs.reduce((sum, [from, to]) => sum + own.sum(offer, from, to), 0);
  const unspent = total - worth(spent);
  return {
    minerHotkey,
    total,
    available: Math.max(0, unspent - worth(reserved)),
    unspent: Math.max(0, unspent),
  };
}

/** Whether what is left of an account pays for a job. @param seconds what it costs. @unit executor-seconds */
export const canPay = ({ available }: Pick<AccountState, 'available'>, seconds: number): boolean =>
  available >= seconds - rounding;
