import { expect, it } from 'vitest';
import { applyBurn, burnOf } from './burn.ts';
import { float32 } from './float-arrays.ts';
import { processWeights } from './process-weights.ts';
import { digestOf, scoreOf } from './testing/vectors.ts';

const limits = { minAllowedWeights: 1, maxWeightLimit: 65_535 };
const uids = Array.from({ length: 64 }, (_, uid) => uid);
const uidOf = new Map(uids.map((uid) => [`h${uid}`, uid]));

/**
 * ComputeHorde's burn, done step by step in Python 3.11 with NumPy 2.0.2, `random.Random` and bittensor 9.9.0's
 * `process_weights`, on 64 neurons.
 */
it.each<[string[], number, number, number, string | null, number, string]>([
  [[], 0.5, 0.5, 708, null, 48, '1145865b7fb400bd'],
  [['h9'], 0.0, 0.5, 708, null, 48, '1145865b7fb400bd'],
  [['h9'], 0.5, 0.5, 708, 'h9', 48, 'bedf60a20eb8f600'],
  [['x', 'h4'], 0.25, 1.0, 708, 'h4', 49, 'a69fe8bb60a5b9c2'],
  [['h9', 'h4', 'h30'], 0.9, 0.8, 5775264, 'h9', 49, 'dc11e41e9bd05556'],
  [['h9', 'h4', 'h30'], 0.9, 0.8, -14, 'h30', 49, '739f460b1d0a2115'],
  [['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7'], 0.33, 0.5, 6000000, 'h6', 49, '3b754670e19db579'],
  [['h1', 'h2'], 1.0, 0.75, 5775986, 'h1', 2, '44366998e27277e1'],
  [['h1', 'h2'], 1.0, 1.0, 4294967296, 'h1', 1, 'bdcff0a80d5e7fab'],
])('burnt at %j with rate %d and partition %d in the cycle of block %i', (...row) => {
  const [targets, rate, partition, seed, main, count, digest] = row;
  const weights = float32(uids.map((uid) => scoreOf(uid, 4)));
  const before = processWeights({ uids, weights }, uids.length, limits);
  const burn = burnOf({ targets, rate, partition }, (hotkey) => uidOf.has(hotkey), seed);
  expect(burn?.main ?? null).toBe(main);
  const after = burn ? applyBurn(before, { rate, burn, uidOf }, uids.length, limits) : before;
  expect([after.uids.length, digestOf(after)]).toEqual([count, digest]);
});

it('several targets share what the main one leaves', () => {
  const rules = { targets: ['h9', 'h4', 'h30'], rate: 0.5, partition: 0.8 };
  expect(burnOf(rules, () => true, 5_775_264)).toEqual({
    main: 'h9',
    parts: new Map([
      ['h9', 0.4],
      ['h30', 0.04999999999999999],
      ['h4', 0.04999999999999999],
    ]),
  });
});
