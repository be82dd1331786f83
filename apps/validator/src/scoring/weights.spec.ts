import { describe, expect, it } from 'vitest';
import type { BurnRules } from './burn.ts';
import { weightsOf } from './weights.ts';

const neurons = ['h0', 'h1', 'h2', 'h3', 'h4'].map((hotkey, uid) => ({ uid, hotkey }));
const subnet = { neurons, limits: { minAllowedWeights: 1, maxWeightLimit: 65_535 } };
const noBurn: BurnRules = { targets: [], rate: 0, partition: 0 };
const weigh = (scores: Record<string, number>, burn = noBurn) => {
  const { weights } = weightsOf(new Map(Object.entries(scores)), subnet, burn, 708);
  return weights && Object.fromEntries(weights);
};

describe('with nothing to score', () => {
  it.each([[{}], [{ gone: 5 }]])(
    'and nothing to burn there are no weights, not zeros as in ComputeHorde: %j',
    (scores) => expect(weigh(scores)).toBeNull(),
  );

  it('all is burnt where there is a target', () => {
    expect(weigh({}, { targets: ['gone', 'h1'], rate: 0.1, partition: 0.5 })).toEqual({ h1: 1 });
    // As NumPy reckons it: 0.08 and 0.02 as float32 over their sum.
    expect(weigh({}, { targets: ['h1', 'h3'], rate: 0.1, partition: 0.8 })).toEqual({
      h1: 0.800000011920929,
      h3: 0.20000000298023224,
    });
  });
});

it('a score of a hotkey that is not registered is lost', () => {
  expect(weigh({ h1: 30, h4: 10, gone: 60 })).toEqual({ h1: 0.75, h4: 0.25 });
});

it('scores that are all 0 give everybody the same, as in ComputeHorde', () => {
  expect(weigh({ h1: 0 })).toEqual({ h0: 0.2, h1: 0.2, h2: 0.2, h3: 0.2, h4: 0.2 });
});
