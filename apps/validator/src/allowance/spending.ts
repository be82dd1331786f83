import type { ExecutorClass } from '@horde/protocol';
import type { Blocks } from './blocks.ts';
import { accountKey, type Offer } from './manifests.ts';
import { allowanceOf, blockExpiry } from './rules.ts';

/** A job that a validator wants to have paid with blocks of its allowance. */
export interface Spend {
  validatorHotkey: string;
  minerHotkey: string;
  executorClass: ExecutorClass;
  /** When the job began. @unit ms since 1970 */
  startedAt: number;
  blocks: readonly number[];
  /** @unit executor-seconds */
  cost: number;
}

/** What became of the blocks that were offered: how many each. */
interface Processed {
  /** They are spent. */
  counted: number;
  outsideRange: number;
  doubleSpent: number;
  /** By a drop of the miner's manifest. */
  lost: number;
}

/** What became of a spend. `no block`: it is not known which block its job began in. */
export type Verdict =
  ({ is: 'accepted' } & Processed) | ({ is: 'too little'; worth: number } & Processed) | { is: 'no block' };

/** What verdicts are made by. */
export interface SpendingRules {
  blocks: Blocks;
  /** By `accountKey`. */
  offers: ReadonlyMap<string, Offer>;
  /** DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_LOWER and _UPPER. @unit blocks */
  leeway: { lower: number; upper: number };
}

/**
 * Judges spends one after the other, as ComputeHorde's validators do (spending validation): of each, the blocks count
 * that are not too old or new for its job, not spent by one before it, and not lost by a drop of the miner's manifest
 * before the job began. What they give has to cover the cost; then all of them are spent, those beyond it too.
 */
export class Spending {
  private readonly spent = new Map<string, Set<number>>();

  constructor(private readonly rules: SpendingRules) {}

  judge(spend: Spend): Verdict {
    const { blocks, leeway } = this.rules;
    const began = blocks.numberAt(spend.startedAt);
    if (began === null) return { is: 'no block' };
    const offered = [...new Set(spend.blocks)].toSorted((a, b) => a - b);
    const [oldest, newest] = [began - blockExpiry - leeway.lower, began + leeway.upper];
    const inRange = offered.filter((block) => block >= oldest && block <= newest);
    const spent = this.spentOf(spend);
    const unspent = inRange.filter((block) => !spent.has(block));
    const usable = unspent
      .map((block) => ({ block, worth: this.worth(spend, block) }))
      .filter(({ worth }) => worth > 0);
    const kept = usable.filter(({ block }) => !this.isLost(spend, block, began));
    const refused = {
      outsideRange: offered.length - inRange.length,
      doubleSpent: inRange.length - unspent.length,
      lost: usable.length - kept.length,
    };
    const worth = kept.reduce((sum, block) => sum + block.worth, 0);
    if (worth < spend.cost) return { is: 'too little', worth, counted: 0, ...refused };
    for (const { block } of kept) spent.add(block);
    return { is: 'accepted', counted: kept.length, ...refused };
  }

  private worth(spend: Spend, block: number): number {
    const { blocks, offers } = this.rules;
    const duration = blocks.duration(block);
    if (duration === null) return 0;
    const { shares, multiplier } = blocks.get(block)!;
    const executors = offers.get(accountKey(spend))?.count(block) ?? 0;
    return allowanceOf(executors, shares.get(spend.validatorHotkey) ?? 0, duration, multiplier);
  }

  private isLost(spend: Spend, block: number, began: number): boolean {
    const lostAt = this.rules.offers.get(accountKey(spend))?.lostAt(block) ?? null;
    return lostAt !== null && lostAt <= began;
  }

  private spentOf(spend: Spend): Set<number> {
    const key = `${spend.validatorHotkey} ${accountKey(spend)}`;
    const spent = this.spent.get(key) ?? new Set();
    this.spent.set(key, spent);
    return spent;
  }
}
