import { describe, expect, it } from 'vitest';
import type { CycleWeightsRow, WeightsState } from './cycle-weights.entity.ts';
import { explainWeights } from './explain-weights.ts';
import { whyNoWeights, type WeightsFacts } from './missing-weights.ts';
import { computing } from './weights-store.ts';

/** Of a cycle on subnet 12: blocks 708 to 1,429, and the window for its weights, 1,805 to 2,150. */
const start = 708;
const facts: WeightsFacts = {
  head: 1_900,
  netuid: 12,
  rules: { commitReveal: true, interval: 722, startOffset: 361, endBuffer: 15 },
  isServing: true,
};
const why = (changes: Partial<WeightsFacts>, of = start) => whyNoWeights(of, { ...facts, ...changes });

describe('why there are no weights for a cycle', () => {
  it('is that no cycle begins there', () => {
    expect(why({}, 709)).toBe(
      'No cycle begins with block 709: it is of the one that begins with 708.\n-> validator explain_weights 708',
    );
    expect(why({}, 5)).toMatch(/ begins with -14\.\n-> validator explain_weights$/);
  });

  it('is that it is not over', () => {
    expect(why({ head: 1_429 })).toBe(
      'Blocks 708 to 1429: there are no weights yet, because the cycle is not over: the newest block is 1429. ' +
        'They may be handed in from block 1805 to 2150: in 376 blocks, about 75 min.',
    );
  });

  it('is that the chain takes none now', () => {
    expect(why({ head: 1_430 })).toBe(
      'Blocks 708 to 1429: there are no weights yet, because block 1430 is in no window for them. ' +
        'They may be handed in from block 1805 to 2150: in 375 blocks, about 75 min.',
    );
  });

  it('is that SERVING is off', () => {
    for (const head of [1_430, 1_805, 2_150])
      expect(why({ isServing: false, head })).toBe(
        'Blocks 708 to 1429: there are no weights, because SERVING is off: none are computed. They may be handed in until ' +
          `block 2150, and the newest is ${head}.\n-> validator set_dynamic_config SERVING true`,
      );
  });

  it('is that no process has computed them since their window began', () => {
    for (const head of [1_805, 2_150])
      expect(why({ head })).toBe(
        `Blocks 708 to 1429: there are no weights yet, though they may be handed in since block 1805, until 2150, and the ` +
          `newest is ${head}: a validator that runs computes them within half a minute.\n` +
          '-> validator debug_set_scores\n-> validator doctor',
      );
  });

  it('is that none were computed in time, or that they were removed since', () => {
    expect(why({ head: 2_151 })).toMatch(
      /^Blocks 708 to 1429: there are no weights\. Their window, blocks 1805 to 2150, is over, .* or SERVING was off\. They cannot .*\n-> validator doctor\n-> validator calculate_allowance_paid_job_scores 708 1430$/,
    );
    expect(why({ head: 500_000, isServing: false })).toContain(
      'SERVING was off, or they were removed: they are kept for thirty days.',
    );
  });

  it('is that the settings leave no block for them', () => {
    const rules = { ...facts.rules, startOffset: 707 };
    expect(why({ rules })).toMatch(
      /^Blocks 708 to 1429: there are no weights, because the settings leave no block .*\n-> validator unset_dynamic_config /,
    );
    expect(why({ rules, head: 1_000 })).toMatch(/ By the settings no block is in a window for them\.$/);
  });
});

describe('what is to be typed about weights that are stored', () => {
  const next = (state: WeightsState, note = 'It is tried again.') => {
    const row = { cycle_start: 708, cycle_end: 1_430, state, note, reasons: null };
    const [sentence, ...commands] = explainWeights(row as CycleWeightsRow).split('\n');
    expect(sentence).toBe(`Blocks 708 to 1429: ${state}. ${note}`);
    return commands.map((command) => command.replace('-> validator ', ''));
  };

  it('looks for what is in the way of those that do not arrive', () => {
    expect(next('to compute')).toEqual(['debug_set_scores', 'doctor']);
    expect(next('to send')).toEqual(['debug_set_scores', 'doctor']);
    expect(next('missed')).toEqual(['doctor']);
    expect(next('nothing to send')).toEqual(['calculate_allowance_paid_job_scores 708 1430 --verbose']);
  });

  it('is nothing while they are on their way, or there', () => {
    expect(
      [next('to compute', computing), next('sent'), next('confirmed'), next('taken over')].flat(),
    ).toEqual([]);
  });
});
