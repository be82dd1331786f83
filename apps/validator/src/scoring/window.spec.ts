import { cycleOf } from '@horde/chain';
import { describe, expect, it } from 'vitest';
import { countingCycle, windowAt, windowsOf } from './window.ts';

const rules = { commitReveal: true, interval: 722, startOffset: 361, endBuffer: 15 };
const cycle = { start: 5_775_264, end: 5_775_986 };
const window = { from: 5_776_361, until: 5_776_707, cycle };

/** Reckoned with ComputeHorde's functions (commit 32fa9d14) under Python 3.11. */
describe("on subnet 12, ComputeHorde's window for the weights of a cycle", () => {
  it.each([
    [5_776_000, null],
    [5_776_360, null],
    [5_776_361, window],
    [5_776_706, window],
    [5_776_707, null],
    [5_776_722, null],
    [5_776_722 + 361, { from: 5_777_083, until: 5_777_429, cycle: { start: 5_775_986, end: 5_776_708 } }],
  ])('at block %i is %j', (head, expected) => expect(windowAt(head, rules, 12)).toEqual(expected));

  it('is none before the first cycle has ended', () => {
    for (const commitReveal of [true, false])
      for (let head = 0; head < 723; head++)
        expect(windowAt(head, { ...rules, commitReveal }, 12)).toBeNull();
  });
});

it('outside of commit and reveal, weights of a cycle may be handed in until those of the next count', () => {
  const free = { ...rules, commitReveal: false };
  expect(windowAt(723, free, 12)).toEqual({ from: 723, until: 1_445, cycle: { start: -14, end: 708 } });
  expect(windowAt(1_444, free, 12)).toEqual(windowAt(723, free, 12));
  expect(windowAt(1_445, free, 12)).toEqual({ from: 1_445, until: 2_167, cycle: { start: 708, end: 1_430 } });
});

it('one window is of one cycle, which has ended, on every subnet', () => {
  for (const netuid of [0, 12, 99, 174, 360])
    for (let head = 722; head < 722 * 8; head += 19) {
      const found = windowAt(head, rules, netuid);
      if (!found) continue;
      expect(windowAt(found.from, rules, netuid)).toEqual(found);
      expect(found.cycle.end).toBeLessThanOrEqual(found.from);
    }
});

it('the windows of a cycle are those in which its weights may be handed in, and no others', () => {
  expect(windowsOf(cycle, rules, 12)).toEqual([window]);
  for (const netuid of [0, 12, 174])
    for (const changes of [{}, { interval: 200, startOffset: 100 }, { commitReveal: false }])
      for (let head = 1; head < 722 * 5; head += 101) {
        const found = windowAt(head, { ...rules, ...changes }, netuid);
        const own = countingCycle(head, netuid);
        if (found)
          expect([found.cycle, windowsOf(own, { ...rules, ...changes }, netuid)]).toEqual([
            own,
            expect.arrayContaining([found]),
          ]);
      }
  expect(windowsOf(cycle, { ...rules, startOffset: 707 }, 12)).toEqual([]);
});

it('the first cycle counts until it has ended, and beyond', () => {
  for (const head of [0, 1, 722, 723, 1_444]) expect(countingCycle(head, 12)).toEqual(cycleOf(0, 12));
  expect(countingCycle(1_445, 12)).toEqual(cycleOf(722, 12));
});
