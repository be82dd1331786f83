import type { AttemptOutcome } from '../../jobs/attempt.entity.ts';

const words: Record<AttemptOutcome, string> = {
  completed: 'the job completed',
  failed: 'the job itself failed',
  horde_failed: 'the miner lost the job',
  declined: 'the miner declined it',
  refused: "the miner did not take this validator's authentication",
  unreachable: 'the miner could not be reached',
  timed_out: 'the miner did not do in time what it had to',
  cancelled: 'the job was cancelled',
  fault: 'an error of the validator',
};

/** How an attempt ended. @param outcome as it is stored, whichever version wrote it */
export const outcomeWords = (outcome: string): string => words[outcome as AttemptOutcome] ?? outcome;

/** Whether another miner may have been asked after it. */
export const endsBeforeAcceptance = ({ outcome }: { outcome: string | null }): boolean =>
  outcome !== null && ['declined', 'refused', 'unreachable', 'timed_out', 'fault'].includes(outcome);
