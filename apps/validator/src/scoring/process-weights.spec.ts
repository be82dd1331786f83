import { describe, expect, it } from 'vitest';
import { float32 } from './float-arrays.ts';
import { processWeights, type UidWeights } from './process-weights.ts';
import { digestOf, scoreOf } from './testing/vectors.ts';

const processed = (scores: number[], minAllowedWeights: number, maxWeightLimit: number): UidWeights =>
  processWeights({ uids: scores.map((_, uid) => uid), weights: float32(scores) }, scores.length, {
    minAllowedWeights,
    maxWeightLimit,
  });

/**
 * What bittensor 9.9.0's `process_weights` answers under NumPy 2.0.2 and Python 3.11, called as ComputeHorde's validator
 * does: uids 0 to n - 1, scores as float32, the limit over 65,535. Printed with Python's `repr`.
 */
describe('weights are those of bittensor, to the last bit', () => {
  it.each<[string, number[], number, number, Record<number, number>]>([
    ['two of three miners', [0.5, 0, 0.25], 1, 65535, { 0: 0.6666666865348816, 2: 0.3333333432674408 }],
    [
      'a third each',
      [1, 1, 1],
      1,
      65535,
      { 0: 0.3333333432674408, 1: 0.3333333432674408, 2: 0.3333333432674408 },
    ],
    [
      'scores as a class of weight 98 gives them',
      [0, 88.2, 9.8, 0.7, 1.3],
      1,
      65535,
      { 1: 0.8819999694824219, 2: 0.09800000488758087, 3: 0.00699999975040555, 4: 0.012999999336898327 },
    ],
    [
      'tiny beside large',
      [1e-9, 99.0, 0.0, 0.001],
      1,
      65535,
      { 0: 1.0100907957277805e-11, 1: 0.999989926815033, 3: 1.0100908184540458e-5 },
    ],
    ['nobody has any', [0, 0, 0, 0], 1, 65535, { 0: 0.25, 1: 0.25, 2: 0.25, 3: 0.25 }],
    ['fewer neurons than weights are needed', [3, 0], 4, 65535, { 0: 0.5, 1: 0.5 }],
    [
      'fewer weights than are needed',
      [0, 3, 0, 1],
      3,
      65535,
      { 0: 2.4999750002499977e-6, 1: 0.7499950000499994, 2: 2.4999750002499977e-6, 3: 0.25 },
    ],
    [
      'the largest is cut off',
      [10, 1, 1, 1, 1, 1],
      1,
      20000,
      {
        0: 0.30518022179603577,
        1: 0.1389639526605606,
        2: 0.1389639526605606,
        3: 0.1389639526605606,
        4: 0.1389639526605606,
        5: 0.1389639526605606,
      },
    ],
    [
      'two are cut off',
      [10, 9, 1, 1, 1, 1],
      1,
      16384,
      {
        0: 0.25000354647636414,
        1: 0.25000354647636414,
        2: 0.12499824166297913,
        3: 0.12499824166297913,
        4: 0.12499824166297913,
        5: 0.12499824166297913,
      },
    ],
    [
      'a limit that all reach',
      [5, 1, 1],
      1,
      21845,
      { 0: 0.3333333432674408, 1: 0.3333333432674408, 2: 0.3333333432674408 },
    ],
    [
      'a limit below an equal share',
      [5, 1, 1],
      1,
      10000,
      { 0: 0.3333333432674408, 1: 0.3333333432674408, 2: 0.3333333432674408 },
    ],
    ['one neuron', [7], 1, 65535, { 0: 1.0 }],
    [
      'cut off and filled up',
      [0, 9, 0, 1, 0, 0, 0, 0],
      3,
      13107,
      {
        0: 0.10344830439953225,
        1: 0.18965508680140322,
        2: 0.10344830439953225,
        3: 0.18965508680140322,
        4: 0.10344830439953225,
        5: 0.10344830439953225,
        6: 0.10344830439953225,
        7: 0.10344830439953225,
      },
    ],
  ])('%s', (_name, scores, minAllowedWeights, maxWeightLimit, expected) => {
    const { uids, weights } = processed(scores, minAllowedWeights, maxWeightLimit);
    expect(Object.fromEntries(uids.map((uid, index) => [uid, weights.values[index]]))).toEqual(expected);
  });

  it.each([
    [7, 3, 1, 65535, 4, '6461889445c46bcf'],
    [8, 5, 1, 65535, 6, '44ebe83ff4e22e81'],
    [9, 9, 1, 65535, 8, 'de0a8ff46a95bfc3'],
    [128, 1000, 1, 65535, 127, '89540fd3ede28055'],
    [129, 1000, 1, 65535, 128, 'da59d4eb693ee735'],
    [136, 7, 1, 65535, 116, '7b280a734535ea75'],
    [256, 4, 1, 65535, 192, '010b0a3d77c50c38'],
    [256, 2, 1, 655, 128, '73064d8c0de1f2be'],
    [256, 3, 200, 65535, 256, '7124f191cb920d78'],
    [300, 10, 1, 400, 270, '70ef0c5513d3f406'],
    [1000, 6, 8, 65535, 833, 'c04a9b2220666f90'],
  ])(
    'of %i neurons, each %i. without a score, with at least %i weights and a limit of %i',
    (neurons, gap, minAllowedWeights, maxWeightLimit, count, digest) => {
      const scores = Array.from({ length: neurons }, (_, uid) => scoreOf(uid, gap));
      const result = processed(scores, minAllowedWeights, maxWeightLimit);
      expect([result.uids.length, digestOf(result)]).toEqual([count, digest]);
    },
  );
});
