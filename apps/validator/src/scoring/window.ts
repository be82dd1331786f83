import { cycleLength, cycleOf, type Cycle } from '@horde/chain';

/** When weights may be handed in; ComputeHorde's dynamic settings. */
export interface WindowRules {
  /** Weights are taken in a part of each interval only; else at any time. */
  commitReveal: boolean;
  /** How long an interval is; intervals begin at multiples of it. @unit blocks */
  interval: number;
  /** How far into the interval the window begins. @unit blocks */
  startOffset: number;
  /** How long before the interval's end it ends. @unit blocks */
  endBuffer: number;
}

/** The blocks in which the weights of one cycle may be handed in. */
export interface Window {
  /** The first block of it. */
  from: number;
  /** The first block after it. */
  until: number;
  /** Whose work the weights are for. It has ended. */
  cycle: Cycle;
}

/**
 * The window that a block is in; null when it is in none, or no cycle has ended yet. The cycle that counts is the one
 * that contains the multiple of 722 which ComputeHorde's validators take for its start.
 *
 * @param head the newest block
 */
export function windowAt(head: number, rules: WindowRules, netuid: number): Window | null {
  const number = Math.floor((head - cycleLength - 1) / cycleLength);
  if (number < 0) return null;
  const cycle = cycleOf(number * cycleLength, netuid);
  // Without a window of the chain's: as long as that cycle is the one that counts.
  const from = (number + 1) * cycleLength + 1;
  if (!rules.commitReveal) return { from, until: from + cycleLength, cycle };
  const start = head - (head % rules.interval);
  const window = { from: start + rules.startOffset, until: start + rules.interval - rules.endBuffer, cycle };
  return head >= window.from && head < window.until ? window : null;
}

/**
 * The windows for a cycle's weights, in their order; none where the rules leave no block for them.
 *
 * @param cycle as `cycleOf` has it
 */
export function windowsOf(cycle: Cycle, rules: WindowRules, netuid: number): Window[] {
  const first = (Math.ceil(Math.max(0, cycle.start) / cycleLength) + 1) * cycleLength + 1;
  const windows: Window[] = [];
  for (let head = first; head < first + cycleLength; head++) {
    const window = windowAt(head, rules, netuid);
    if (window && window.from !== windows.at(-1)?.from) windows.push(window);
  }
  return windows;
}

/** The cycle whose weights are the newest that may be handed in, in a window now or later; the first until that has ended. */
export function countingCycle(head: number, netuid: number): Cycle {
  const number = Math.floor((head - 1) / cycleLength) - 1;
  return cycleOf(Math.max(0, number) * cycleLength, netuid);
}
