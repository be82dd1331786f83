import { doublingPause } from '@horde/async';
import type { Attempt } from '../jobs/attempt.entity.ts';

/** Before a miner that said that it is busy, or was not there, is asked again: 1, 2, 4 and 4 s. @unit ms */
const pauses = { first: 1_000, max: 4_000 };

/** What of an attempt tells whether its miner may be asked again. */
type Asked = Pick<Attempt, 'miner_hotkey' | 'outcome' | 'reason' | 'ended_at'>;

/** The miners that these attempts were at. */
export const askedMiners = (attempts: Asked[]): Set<string> =>
  new Set(attempts.map(({ miner_hotkey }) => miner_hotkey));

/**
 * When each miner may be asked again; null: not for this job. A miner may say that it is busy although it has room by
 * our receipts: ComputeHorde's take a moment to free an executor whose job has ended.
 */
function askAgainAt(attempts: Asked[]): Map<string, Date | null> {
  const at = new Map<string, Date | null>();
  for (const [hotkey, own] of Map.groupBy(attempts, ({ miner_hotkey }) => miner_hotkey)) {
    const { outcome, reason, ended_at } = own.at(-1)!;
    const passes = outcome === 'unreachable' || (outcome === 'declined' && reason === 'busy');
    at.set(hotkey, passes ? new Date(ended_at!.getTime() + doublingPause(own.length, pauses)) : null);
  }
  return at;
}

/** The miners that are not to be asked now. */
export function resting(attempts: Asked[], now: Date): Set<string> {
  const miners = [...askAgainAt(attempts)].filter(([, at]) => at === null || at > now);
  return new Set(miners.map(([hotkey]) => hotkey));
}

/** When the first of the resting miners may be asked again; null: none may. */
export function nextAsk(attempts: Asked[], now: Date): Date | null {
  const times = [...askAgainAt(attempts).values()].filter((at) => at !== null && at > now);
  return times.length === 0 ? null : new Date(Math.min(...times.map((at) => at!.getTime())));
}
