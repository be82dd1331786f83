import { describe, expect, it } from 'vitest';
import { missingBlocks } from './missing-blocks.ts';
import { firstReplaced } from './replaced-blocks.ts';
import { blocksOf } from './testing/chain-of.ts';

const range = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at);

describe('the block at a time', () => {
  const chain = blocksOf([10_000, 20_000], {}, { first: 7 });
  const start = chain.get(7)!.at;

  it.each([
    [-1, null],
    [0, 7],
    [9_999, 7],
    [10_000, 8],
    [29_999, 8],
    [30_000, null],
  ])('%i ms after the first known one is %j', (after, number) => {
    expect(chain.numberAt(start + after)).toBe(number);
  });
});

describe('blocks that are missing', () => {
  it('are taken from the last hundred on, then ever older ones', () => {
    const order = missingBlocks(new Set(), 0, 200);
    expect(order.slice(0, 2)).toEqual([101, 102]);
    expect(order.slice(99, 102)).toEqual([200, 100, 99]);
    expect(order.at(-1)).toBe(0);
  });

  it('are only those: gaps are filled', () => {
    const stored = new Set(range(0, 201).filter((number) => ![50, 150].includes(number)));
    expect(missingBlocks(stored, 0, 200)).toEqual([150, 50]);
    expect(missingBlocks(stored, 51, 200)).toEqual([150]);
  });

  it('are none before the first block', () => {
    expect(missingBlocks(new Set(), -2_600, 2)).toEqual([0, 1, 2]);
  });
});

describe('a chain that has replaced blocks', () => {
  const stored = range(0, 50);
  const parted = (at: number, tells = 0) =>
    firstReplaced(
      async (upTo) => (upTo < 0 ? null : { number: Math.min(upTo, 49), hash: 'a' }),
      async (number) => (number < tells ? null : number < at ? 'a' : 'b'),
      49,
    );

  it.each([
    [50, null],
    [49, 49],
    [47, 47],
    [40, 35],
    [0, 0],
  ])('from %i on is left from %j on', async (at, from) => {
    expect(stored.length).toBe(50);
    expect(await parted(at)).toBe(from);
  });

  it('is not left further back than it can be asked', async () => {
    expect(await parted(40, 45)).toBe(43);
  });
});
