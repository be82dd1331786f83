import {
  errors,
  toJsonValue,
  type HordeFailureReason,
  type JobRejectionReason,
  type JsonObject,
} from '@horde/protocol';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { declined, givenUp, rejected, type Report } from '../jobs/outcome.ts';
import type { NoMiner, PassedOver } from '../routing/choice.ts';
import { askedMiners } from './asking-again.ts';

/** How many miners' reasons for not running the job are shown to the user. */
const maxCandidates = 20;

/**
 * How a job ends that no miner has taken. Where one miner was asked, the user gets its answer; of several, and of
 * those that were not asked, why each could not.
 *
 * @param none why no further miner could be asked; null: enough were
 * @param last what the miner that was asked last said, where more than what is stored is known
 */
export function endInVain(attempts: Attempt[], none: NoMiner | null, last?: Report): Report {
  const others = none?.candidates ?? [];
  const lastAttempt = attempts.at(-1);
  if (!lastAttempt) {
    const { error } = none!;
    return rejected(error, others.length > 0 ? context(0, others) : null);
  }
  const asked = askedMiners(attempts).size;
  if (asked === 1) return last ?? reportOfAttempt(lastAttempt);
  const own = [...Map.groupBy(attempts, ({ miner_hotkey }) => miner_hotkey)].map(([hotkey, some]) => ({
    hotkey,
    why: some.at(-1)!.message ?? '',
  }));
  return rejected(
    errors.NO_MINER_TOOK_JOB(asked, lastAttempt.message ?? ''),
    context(asked, [...own, ...others]),
  );
}

const context = (asked: number, candidates: PassedOver[]): JsonObject =>
  toJsonValue({ asked, candidates: candidates.slice(0, maxCandidates) }) as JsonObject;

/** What an attempt that ended before it was accepted says about its job. */
function reportOfAttempt({ outcome, reason, message }: Attempt): Report {
  return outcome === 'declined'
    ? declined({ reason: reason as JobRejectionReason, message: message ?? '', context: null })
    : givenUp(reason as HordeFailureReason, message ?? '');
}
