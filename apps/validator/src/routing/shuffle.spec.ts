import { randomness } from '@horde/testing/random';
import { describe, expect, it } from 'vitest';
import { chancesOf } from './reliability.ts';
import { weightedShuffle } from './shuffle.ts';

/** How often each hotkey comes first in so many shuffles. */
const firsts = (weights: Record<string, number>, rounds: number): Record<string, number> => {
  const chance = randomness(12);
  const counts = Object.fromEntries(Object.keys(weights).map((hotkey) => [hotkey, 0]));
  for (let round = 0; round < rounds; round++)
    counts[weightedShuffle(Object.keys(weights), (hotkey) => weights[hotkey]!, chance)[0]!]!++;
  return counts;
};

describe('a weighted shuffle', () => {
  it('has each item once', () => {
    const items = Array.from({ length: 256 }, (_, at) => at);
    const shuffled = weightedShuffle(items, () => 1 / 256, randomness(1));
    expect(shuffled).not.toEqual(items);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
    expect(weightedShuffle([], () => 1, Math.random)).toEqual([]);
  });

  it('puts each first as often as its chance says', () => {
    const [a, b, c] = chancesOf([0, -10, -50], { softCutoff: -50, separation: 5 });
    const counts = firsts({ a: a!, b: b!, c: c! }, 20_000);
    expect(counts['a']! / 20_000).toBeCloseTo(0.509, 1);
    expect(counts['b']! / 20_000).toBeCloseTo(0.488, 1);
    expect(counts['c']! / 20_000).toBeCloseTo(0.003, 2);
    expect(counts['c']).toBeGreaterThan(0);
  });

  it('draws the second among those left in the same way', () => {
    const chance = randomness(3);
    const weights = { a: 0.8, b: 0.15, c: 0.05 } as Record<string, number>;
    let afterA = 0;
    let bAfterA = 0;
    for (let round = 0; round < 20_000; round++) {
      const [first, second] = weightedShuffle(Object.keys(weights), (hotkey) => weights[hotkey]!, chance);
      if (first !== 'a') continue;
      afterA++;
      if (second === 'b') bAfterA++;
    }
    expect(bAfterA / afterA).toBeCloseTo(0.75, 1);
  });

  it('is settled by chance alone: the same numbers draw the same order', () => {
    const items = ['a', 'b', 'c', 'd'];
    const draw = () => weightedShuffle(items, () => 0.25, randomness(9));
    expect(draw()).toEqual(draw());
    expect(
      weightedShuffle(
        items,
        (item) => (item === 'c' ? 0.9 : 0.1),
        () => 0.5,
      )[0],
    ).toBe('c');
  });
});
