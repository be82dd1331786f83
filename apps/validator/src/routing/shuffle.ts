/** A number from 0 up to, but not including, 1, another one at each call. */
export type Chance = () => number;

/** The name under which the validator's chance is injected. */
export const CHANCE = Symbol('CHANCE');

/**
 * All items in an order drawn by chance: each next one is any of those left, with the probability of its weight among
 * theirs. Weights are above 0.
 */
export function weightedShuffle<T>(items: readonly T[], weightOf: (item: T) => number, chance: Chance): T[] {
  // The first of independent exponential waits, each with its weight as rate, is any of them in proportion to its
  // weight; and so is the first of the others.
  return items
    .map((item) => ({ item, wait: -Math.log(1 - chance()) / weightOf(item) }))
    .toSorted((a, b) => a.wait - b.wait)
    .map(({ item }) => item);
}
