import { describe, expect, it } from 'vitest';
import { allowanceOf, blockDuration, stakeShares } from './rules.ts';

const validators = (...stakes: number[]) =>
  stakes.map((totalStake, at) => ({ hotkey: `v${at}`, totalStake }));

/** A multiplicative generator that both languages compute without rounding. */
function* numbers(seed: number): Generator<number, never> {
  for (let x = seed; ;) yield (x = (x * 48_271) % 2_147_483_647);
}

/**
 * Made by CPython 3.11.7: stakes `sorted((next(r) / 1e9 * 1000 for _ in range(20)), reverse=True)`, the share of the
 * second largest as `stakes[1] / sum(stakes)`, executors `next(r) % 4 + 1`, 722 blocks `11_500 + next(r) % 1_100` ms
 * apart, their durations by `timedelta.total_seconds()`, more than 12.5 counted as 12.0, and the sum of
 * `executors * share * duration * 1.0`, oldest first.
 */
const byPython: [seed: number, share: number, sum: number][] = [
  [1, 0.08517007590729861, 738.2698892584307],
  [2, 0.10720698389173128, 928.6880024509945],
  [3, 0.08146673724039999, 706.598323851646],
  [4, 0.10296622586550194, 1783.255179303589],
  [5, 0.08248908627014931, 1427.0380955294277],
];

describe('the allowance of blocks', () => {
  it('is, in the worked example, 7.2 executor-seconds a block', () => {
    const share = stakeShares(validators(500_000, 300_000, 200_000)).get('v1')!;
    expect(share).toBe(0.3);
    expect(allowanceOf(2, share, 12, 1)).toBeCloseTo(7.2, 12);
  });

  it.each(byPython)('adds up as in Python, to the last bit: seed %i', (seed, share, sum) => {
    const next = numbers(seed);
    const number = () => next.next().value;
    const stakes = Array.from({ length: 20 }, () => (number() / 1e9) * 1000).toSorted((a, b) => b - a);
    const own = stakeShares(validators(...stakes)).get('v1')!;
    const executors = (number() % 4) + 1;
    let at = Date.UTC(2026);
    let total = 0;
    for (let block = 0; block < 722; block++) {
      const end = at + 11_500 + (number() % 1_100);
      total += allowanceOf(executors, own, blockDuration(at, end), 1);
      at = end;
    }
    expect([own, total]).toEqual([share, sum]);
  });
});

describe('the time that a block counts', () => {
  it.each([
    [11_976, 11.976],
    [12_500, 12.5],
    [12_501, 12],
    [3_600_000, 12],
  ])('is, where it took %i ms, %d s', (took, seconds) => {
    expect(blockDuration(1_000, 1_000 + took)).toBe(seconds);
  });
});

describe('shares of stake', () => {
  it('are none where nobody has any', () => {
    expect([...stakeShares(validators(0, 0)).values()]).toEqual([0, 0]);
    expect(stakeShares([]).size).toBe(0);
  });
});
