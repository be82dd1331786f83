import { errors, type ExecutorClass } from '@horde/protocol';
import type { Candidate, Obstacle } from './candidate.ts';
import type { NoMiner } from './choice.ts';

/** What may change within a job's wait. */
const passing: ReadonlySet<Obstacle> = new Set(['busy']);

const words: Record<Obstacle, string> = {
  asked: 'asked already',
  collateral: 'without enough collateral',
  blacklisted: 'on the blacklist',
  busy: 'busy',
};

/** What is said when none of the miners that offer the class can have the job. */
export function noMiner(executorClass: ExecutorClass, candidates: readonly Candidate[]): NoMiner {
  const others = candidates.filter(({ obstacle }) => obstacle !== 'asked');
  const counts = Map.groupBy(others, ({ obstacle }) => obstacle!);
  const offered = others.reduce((sum, candidate) => sum + candidate.offered, 0);
  return {
    is: others.some(({ obstacle }) => passing.has(obstacle!)) ? 'wait' : 'reject',
    error:
      counts.get('busy')?.length === others.length
        ? errors.ALL_MINERS_BUSY(executorClass, offered, others.length)
        : errors.NO_MINER_FITS(executorClass, candidates.length, countsOf(candidates)),
    candidates: others.map((one) => ({ hotkey: one.hotkey, why: whyNot(one) })),
  };
}

function whyNot({ obstacle, offered }: Candidate): string {
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
