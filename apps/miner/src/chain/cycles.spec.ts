import { describe, expect, it } from 'vitest';
import { cycleNumber } from './cycles.ts';

/** On ComputeHorde's subnet, 12, the epoch of block 0 began 14 blocks before it. */
describe('on subnet 12', () => {
  it.each([
    [0, 0],
    [346, 0],
    [347, 0],
    [707, 0],
    [708, 1],
    [1068, 1],
    [1069, 1],
    [1429, 1],
    [1430, 2],
    [708 + 722 * 9_999, 10_000],
    [708 + 722 * 10_000 - 1, 10_000],
    [708 + 722 * 10_000, 10_001],
    [7_000_000, 9695],
  ])('block %i is in cycle %i', (block, cycle) => {
    expect(cycleNumber(block, 12)).toBe(cycle);
  });
});

it.each([
  // The epoch of block 0 begins with it.
  [359, 0, 0],
  [359, 721, 0],
  [359, 722, 1],
  // The epoch of block 0 began two blocks before it.
  [0, 719, 0],
  [0, 720, 1],
  // It began one block before it.
  [360, 720, 0],
  [360, 721, 1],
  // A netuid beyond an epoch's length counts modulo it.
  [361, 719, 0],
  [361, 720, 1],
])('on subnet %i block %i is in cycle %i', (netuid, block, cycle) => {
  expect(cycleNumber(block, netuid)).toBe(cycle);
});

it('each cycle is 722 blocks long, and the next follows', () => {
  for (const netuid of [0, 1, 12, 359, 360, 361]) {
    let last = 0;
    let since = 0;
    for (let block = 0; block < 5_000; block++) {
      const cycle = cycleNumber(block, netuid);
      if (cycle === last) continue;
      expect(cycle).toBe(last + 1);
      if (last > 0) expect(block - since).toBe(722);
      [last, since] = [cycle, block];
    }
  }
});
