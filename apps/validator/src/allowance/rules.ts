import type { Neuron } from '@horde/chain';

/** What a block gave can be spent for so long. As ComputeHorde's validators have it. @unit blocks */
export const blockExpiry = 722;
/** So many blocks behind the chain's newest one is "now": what is that old does not change any more. @unit blocks */
export const finality = 5;
/** No job may cost more. @unit executor-seconds */
export const maxSeconds = 3_600;

/** A block that took longer than this counts as one of the usual time. @unit seconds */
const maxBlockSeconds = 12.5;
const usualBlock = 12;

/**
 * How long a block counts, from its time to that of the next one.
 *
 * @param from ms since 1970, as `to`
 * @returns seconds
 */
export function blockDuration(from: number, to: number): number {
  const seconds = (to - from) / 1000;
  return seconds > maxBlockSeconds ? usualBlock : seconds;
}

/**
 * The part that each validator has in the stake of all that may validate; nobody has any where there is no stake.
 *
 * @param validators largest stake first: their stakes are added in this order, as ComputeHorde's validators do
 */
export function stakeShares(
  validators: readonly Pick<Neuron, 'hotkey' | 'totalStake'>[],
): Map<string, number> {
  const total = validators.reduce((sum, { totalStake }) => sum + totalStake, 0);
  return new Map(validators.map(({ hotkey, totalStake }) => [hotkey, total === 0 ? 0 : totalStake / total]));
}

/**
 * What a validator may spend of a miner's executors for one block, as ComputeHorde's validators reckon it: in this
 * order, since verdicts compare sums of it with whole numbers.
 *
 * @param executors how many the miner offered of the class
 * @param share the validator's part of all stake
 * @param duration seconds
 * @param multiplier DYNAMIC_BLOCK_ALLOWANCE_MULTIPLIER
 * @returns executor-seconds
 */
export const allowanceOf = (executors: number, share: number, duration: number, multiplier: number): number =>
  executors * share * duration * multiplier;
