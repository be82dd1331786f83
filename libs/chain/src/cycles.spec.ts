import { describe, expect, it } from 'vitest';
import { cycleNumber, cycleOf } from './cycles.ts';

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

/** Reckoned with ComputeHorde's `get_cycle_containing_block` (commit 32fa9d14) under Python 3.11. */
it.each([
  [12, 0, -14, 708],
  [12, 707, -14, 708],
  [12, 708, 708, 1430],
  [12, 1429, 708, 1430],
  [12, 1430, 1430, 2152],
  [12, 5_000_000, 4_999_836, 5_000_558],
  [12, 5_775_263, 5_774_542, 5_775_264],
  [12, 5_775_264, 5_775_264, 5_775_986],
  [12, 5_775_985, 5_775_264, 5_775_986],
  [12, 5_776_361, 5_775_986, 5_776_708],
  [174, 0, -176, 546],
  [174, 545, -176, 546],
  [174, 546, 546, 1268],
  [174, 708, 546, 1268],
  [174, 1268, 1268, 1990],
  [174, 5_776_361, 5_775_824, 5_776_546],
  [0, 721, 720, 1442],
  [359, 0, 0, 722],
  [359, 722, 722, 1444],
  [360, 720, -1, 721],
  [361, 720, 720, 1442],
])('on subnet %i the cycle of block %i is [%i, %i)', (netuid, block, start, end) => {
  expect(cycleOf(block, netuid)).toEqual({ start, end });
});
