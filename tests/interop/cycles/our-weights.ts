import type { Neuron } from '@horde/chain';
import type { ExecutorClass } from '@horde/protocol';
import { pino } from 'pino';
import { AllowancePaidJobs } from '../../../apps/validator/src/allowance/allowance-paid-jobs.ts';
import { Blocks } from '../../../apps/validator/src/allowance/blocks.ts';
import { accountKey, Offer } from '../../../apps/validator/src/allowance/manifests.ts';
import { stakeShares } from '../../../apps/validator/src/allowance/rules.ts';
import type { Verdict } from '../../../apps/validator/src/allowance/spending.ts';
import type { FinishedJob } from '../../../apps/validator/src/receipts/receipt-queries.ts';
import { addUp } from '../../../apps/validator/src/scoring/scores.ts';
import { windowAt } from '../../../apps/validator/src/scoring/window.ts';
import { weigh } from '../../../apps/validator/src/weights/weigh.ts';
import type { RandomCycle } from './random-cycle.ts';

/** How many of a job's blocks were spent for it, or why it is not paid: in Python's words where the two have the same. */
type Judged =
  | { accepted: number; outside_range: number; double_spent: number }
  | { too_little: number; outside_range: number; double_spent: number }
  | 'no block';

/** What a validator makes of a cycle. */
export interface CycleOutcome {
  /** Of the jobs that finished in the cycle, by uuid. */
  verdicts: Record<string, Judged>;
  /** Class -> hotkey -> executor-seconds. */
  scores: Record<string, Record<string, number>>;
  /** By hotkey; null: nothing is handed in. */
  weights: Record<string, number> | null;
}

/** What our validator makes of it. */
export async function ourOutcome(cycle: RandomCycle): Promise<CycleOutcome> {
  const rules = { commitReveal: true, interval: 722, startOffset: 361, endBuffer: 15 };
  const window = windowAt(cycle.head, rules, 12)!;
  const verdicts: CycleOutcome['verdicts'] = {};
  const paid = await paidJobs(cycle, verdicts).of(window.cycle);
  const scores = addUp(paid);
  const neurons = cycle.neurons.map(
    (neuron) => neuron as Pick<Neuron, 'uid' | 'hotkey' | 'coldkey'> as Neuron,
  );
  const { weights } = weigh({
    window,
    scores,
    cheated: [],
    neurons,
    neuronsBlock: window.from,
    coldkeyOf: new Map(neurons.map(({ hotkey, coldkey }) => [hotkey, coldkey])),
    mainHotkeys: new Map(cycle.main_hotkeys.map(({ coldkey, ...hotkeys }) => [coldkey, hotkeys])),
    limits: {
      minAllowedWeights: cycle.limits.min_allowed_weights,
      maxWeightLimit: cycle.limits.max_weights_limit,
    },
    classWeights: cycle.class_weights,
    dancing: { bonus: 0.1, mainShare: 0.8 },
    burn: { ...cycle.burn, targets: cycle.burn.targets.split(',') },
  });
  return {
    verdicts,
    scores: Object.fromEntries([...scores].map(([name, ofClass]) => [name, Object.fromEntries(ofClass)])),
    weights: weights && Object.fromEntries(weights),
  };
}

/** The jobs that are paid, from blocks, manifests and receipts in memory; verdicts are noted. */
function paidJobs(cycle: RandomCycle, verdicts: CycleOutcome['verdicts']): AllowancePaidJobs {
  const validators = cycle.neurons
    .filter(({ stake }) => stake > 0)
    .map(({ hotkey, stake }) => ({ hotkey, totalStake: stake }))
    .toSorted((a, b) => b.totalStake - a.totalStake);
  const shares = stakeShares(validators);
  const { multiplier } = cycle;
  const blocks = new Blocks(cycle.blocks.map((block) => ({ ...block, multiplier, shares })));
  const changes = Map.groupBy(cycle.manifests, ({ hotkey, executor_class }) =>
    accountKey({ minerHotkey: hotkey, executorClass: executor_class as ExecutorClass }),
  );
  const offers = new Map(
    [...changes].map(([key, its]) => [
      key,
      new Offer(its.map(({ block, count, is_drop }) => ({ block, count, isDrop: is_drop }))),
    ]),
  );
  const finished = cycle.jobs.map(
    ({ uuid, validator, miner, executor_class, started_at, cost, blocks: paidWith }): FinishedJob => ({
      jobUuid: uuid,
      validatorHotkey: validator,
      minerHotkey: miner,
      executorClass: executor_class as ExecutorClass,
      startedAt: started_at,
      cost,
      blocks: paidWith,
    }),
  );
  const between = async (from: Date, to: Date) =>
    finished.filter((_, index) => {
      const { finished_at } = cycle.jobs[index]!;
      return finished_at >= from.getTime() && finished_at < to.getTime();
    });
  const config: Record<string, number> = {
    DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_LOWER: cycle.leeway.lower,
    DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_UPPER: cycle.leeway.upper,
  };
  type Parts = ConstructorParameters<typeof AllowancePaidJobs>;
  return new AllowancePaidJobs(
    { blocks: async () => blocks, offers: async () => offers } as Partial<Parts[0]> as Parts[0],
    { has: async () => false } as Partial<Parts[1]> as Parts[1],
    { finishedBetween: between } as Partial<Parts[2]> as Parts[2],
    { get: (key: string) => config[key] } as Partial<Parts[3]> as Parts[3],
    {
      begin: () => {},
      count: ({ jobUuid }: FinishedJob, verdict: Verdict) => (verdicts[jobUuid] = judged(verdict)),
    } as Partial<Parts[4]> as Parts[4],
    pino({ level: 'silent' }),
  );
}

function judged(verdict: Verdict): Judged {
  if (verdict.is === 'no block') return 'no block';
  const { outsideRange: outside_range, doubleSpent: double_spent } = verdict;
  return verdict.is === 'accepted'
    ? { accepted: verdict.counted, outside_range, double_spent }
    : { too_little: verdict.worth, outside_range, double_spent };
}
