import type { HordeFailureReason } from '@horde/protocol';
import type { Attempt, AttemptOutcome } from './attempt.entity.ts';
import type { Report } from './outcome.ts';

/** What is stored of an attempt when it has ended. */
export type AttemptEnd = Pick<Attempt, 'outcome' | 'reason' | 'message'>;

/** How an attempt ended whose job ended with it. */
export function attemptEndOf({ status, metadata }: Report): AttemptEnd {
  const { job_rejection_details, job_failure_details, horde_failure_details } = metadata ?? {};
  const details = job_rejection_details ?? job_failure_details ?? horde_failure_details ?? null;
  const words = { reason: details?.reason ?? null, message: details?.message ?? null };
  return { outcome: outcomeOf(), ...words };

  function outcomeOf(): AttemptOutcome {
    if (status === 'completed' || status === 'horde_failed') return status;
    if (status === 'rejected') return 'declined';
    return horde_failure_details ? ownOutcomes(horde_failure_details.reason) : 'failed';
  }
}

/** What the validator itself says of an attempt that it ended. */
function ownOutcomes(reason: HordeFailureReason): AttemptOutcome {
  if (reason === 'miner_connection_failed') return 'unreachable';
  return reason.endsWith('_timed_out') ? 'timed_out' : 'fault';
}
