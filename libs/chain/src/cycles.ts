/** An epoch of a subnet with ComputeHorde's tempo, 360. @unit blocks */
const epochLength = 361;
/** Two epochs, the time over which work is counted together. @unit blocks */
export const cycleLength = 2 * epochLength;

/** The blocks of a cycle. */
export interface Cycle {
  /** Its first block; of the very first cycle it is below 0. */
  start: number;
  /** The first block after it. */
  end: number;
}

/** The first block of the epoch that a block is in; of the very first one it is below 0. */
function epochStart(block: number, netuid: number): number {
  const next = block + epochLength - 1 - ((block + netuid + 1) % epochLength);
  return next === block ? block : next - epochLength;
}

/**
 * Which cycle a block is in: ComputeHorde counts them, two epochs each, from the epoch that block 0 is in.
 *
 * @param block at least 0
 */
export function cycleNumber(block: number, netuid: number): number {
  return Math.floor((epochStart(block, netuid) - epochStart(0, netuid)) / cycleLength);
}

/**
 * The cycle that a block is in.
 *
 * @param block at least 0
 */
export function cycleOf(block: number, netuid: number): Cycle {
  const start = epochStart(0, netuid) + cycleNumber(block, netuid) * cycleLength;
  return { start, end: start + cycleLength };
}
