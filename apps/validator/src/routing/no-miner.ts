import { errors, type ExecutorClass, type HordeError } from '@horde/protocol';
import type { Candidate, Obstacle } from './candidate.ts';
import type { NoMiner } from './choice.ts';

/** What may change within a job's wait. */
const passing: ReadonlySet<Obstacle> = new Set(['busy', 'reserved']);

const words: Record<Obstacle, string> = {
  asked: 'asked already',
  allowance: 'without enough allowance',
  reserved: 'without enough allowance that is not reserved',
  collateral: 'without enough collateral',
  blacklisted: 'on the blacklist',
  busy: 'busy',
};

/**
 * What is said when none of the miners that offer the class can have the job.
 *
 * @param seconds what it costs. @unit executor-seconds
 */
export function noMiner(
  executorClass: ExecutorClass,
  seconds: number,
  candidates: readonly Candidate[],
): NoMiner {
  const others = candidates.filter(({ obstacle }) => obstacle !== 'asked');
  return {
    is: others.some(({ obstacle }) => passing.has(obstacle!)) ? 'wait' : 'reject',
    error: errorOf(executorClass, seconds, candidates, others),
    candidates: others.map((one) => ({ hotkey: one.hotkey, why: whyNot(one) })),
  };
}

function errorOf(
  executorClass: ExecutorClass,
  seconds: number,
  candidates: readonly Candidate[],
  others: readonly Candidate[],
): HordeError {
  const all = (obstacle: Obstacle) => others.length > 0 && others.every((one) => one.obstacle === obstacle);
  if (all('busy')) {
    const offered = others.reduce((sum, candidate) => sum + candidate.offered, 0);
    return errors.ALL_MINERS_BUSY(executorClass, offered, others.length);
  }
  if (all('allowance')) {
    const most = Math.max(...others.map(({ allowance }) => allowance));
    return errors.NOT_ENOUGH_ALLOWANCE(seconds, executorClass, Math.floor(most));
  }
  return errors.NO_MINER_FITS(executorClass, candidates.length, countsOf(candidates));
}

/** What stands in a candidate's way, as a part of a sentence: `all 2 executors are busy`. */
export function whyNot({ obstacle, offered }: Candidate): string {
  if (obstacle !== 'busy') return `it is ${words[obstacle!]}`;
  return offered === 1 ? 'its executor is busy' : `all ${offered} executors are busy`;
}

/** `2 busy, 1 on the blacklist` */
function countsOf(candidates: readonly Candidate[]): string {
  const counts = Map.groupBy(candidates, ({ obstacle }) => obstacle!);
  return [...counts]
    .toSorted(([a, those], [b, others]) => others.length - those.length || a.localeCompare(b))
    .map(([obstacle, those]) => `${those.length} ${words[obstacle]}`)
    .join(', ');
}
