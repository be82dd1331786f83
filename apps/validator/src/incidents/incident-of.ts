import type { HordeFailureDetails, HordeFailureReason } from '@horde/protocol';
import type { AttemptOutcome } from '../jobs/attempt.entity.ts';
import type { Report } from '../jobs/outcome.ts';

/**
 * What a miner can have done that makes it less reliable. Before it had accepted the job: `unreachable`, `no_answer`,
 * `declined`. Afterwards: `timed_out`, and `horde_failed`, which it says itself; the job was lost. `cheated`: its user
 * says that the result is wrong.
 */
export type IncidentKind =
  'unreachable' | 'no_answer' | 'declined' | 'timed_out' | 'horde_failed' | 'cheated';

/** In these words executors also report a job's own end: a missing image, volume or command. */
const vague: ReadonlySet<HordeFailureReason> = new Set(['generic_error', 'unhandled_exception']);

/**
 * What of an attempt's end was the miner's doing; null: nothing. A job's own end (its exit code, image, downloads,
 * uploads, limits, its user's cancel) is not, and neither is what went wrong in the validator.
 *
 * @param report what the facilitator is or would be told of it, if anything
 * @param hadRoom whether the miner had an executor left, as far as we know; asked for only where it says that it is busy
 */
export async function incidentOf(
  outcome: AttemptOutcome | null,
  report: Report | null,
  hadRoom: () => Promise<boolean>,
): Promise<IncidentKind | null> {
  const failure = report?.metadata?.horde_failure_details ?? null;
  switch (outcome) {
    case null:
    case 'completed':
    case 'failed':
    case 'cancelled':
      return null;
    case 'fault':
      return failure?.reason === 'streaming_failed' ? 'horde_failed' : null;
    case 'horde_failed':
      return failure && mayBeTheJobs(failure) ? null : 'horde_failed';
    case 'timed_out':
      return failure?.reason === 'initial_response_timed_out' ? 'no_answer' : 'timed_out';
    case 'unreachable':
      return 'unreachable';
    case 'refused':
      return 'declined';
    case 'declined': {
      const isBusy = report?.metadata?.job_rejection_details?.reason === 'busy';
      return !isBusy || (await hadRoom()) ? 'declined' : null;
    }
  }
}

const mayBeTheJobs = ({ reported_by, reason, context }: HordeFailureDetails): boolean =>
  reported_by === 'executor' && vague.has(reason) && context?.has('stage') === true;
