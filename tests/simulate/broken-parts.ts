import { AllowancePaidJobs } from '../../apps/validator/src/allowance/allowance-paid-jobs.ts';
import { ChainBlocks } from '../../apps/validator/src/allowance/chain-blocks.ts';
import { Offer } from '../../apps/validator/src/allowance/manifests.ts';
import { Spending, type Spend, type SpendingRules } from '../../apps/validator/src/allowance/spending.ts';
import { ReceiptQueries, type FinishedJob } from '../../apps/validator/src/receipts/receipt-queries.ts';
import type { Rule } from './options.ts';

type Judge = Pick<Spending, 'judge'>;

const anyTime = { lower: 1_000_000, upper: 1_000_000 };
const withoutDrops = (offers: SpendingRules['offers']): SpendingRules['offers'] =>
  new Map(
    [...offers].map(([key, { changes }]) => [
      key,
      new Offer(changes.map((change) => ({ ...change, isDrop: false }))),
    ]),
  );

/** Judges with one rule left out. */
const judges: Partial<Record<Rule, (rules: SpendingRules) => Judge>> = {
  'double-spend': (rules) => ({ judge: (spend: Spend) => new Spending(rules).judge(spend) }),
  window: (rules) => new Spending({ ...rules, leeway: anyTime }),
  drop: (rules) => new Spending({ ...rules, offers: withoutDrops(rules.offers) }),
  amount: (rules) => {
    const spending = new Spending(rules);
    return { judge: (spend: Spend) => spending.judge({ ...spend, cost: Number.MIN_VALUE }) };
  },
};

/** The validator's class, in which `spending` may be replaced. */
export const paidJobsWithout = (rule: Rule | null): typeof AllowancePaidJobs => {
  const judge = rule && judges[rule];
  if (!judge) return AllowancePaidJobs;
  return class extends AllowancePaidJobs {
    protected override spending(rules: SpendingRules): Judge {
      return judge(rules);
    }
  };
};

/** Gives the receipts of a cycle the last one first. */
export class BackwardReceipts extends ReceiptQueries {
  override async finishedBetween(from: Date, to: Date): Promise<FinishedJob[]> {
    return (await super.finishedBetween(from, to)).toReversed();
  }
}

/** Never notices that a block has been replaced. */
export class StubbornBlocks extends ChainBlocks {
  override hash(): Promise<null> {
    return Promise.resolve(null);
  }
}
