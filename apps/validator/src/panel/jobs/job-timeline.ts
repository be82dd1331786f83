import type { PanelSpan } from '@horde/panel-api';
import { timelineOf, type JobLimits, type StatusEntry } from '@horde/panel-server';
import { endsBeforeAcceptance, outcomeWords } from './outcome-words.ts';

/** Of an attempt, what its span is made of. */
export interface TimedAttempt {
  number: number;
  miner_hotkey: string;
  started_at: string;
  ended_at: string | null;
  outcome: string | null;
  message: string | null;
}

/** What a job waits for before a miner has it, as far as it is still known. */
export interface TimedWait {
  since: string;
  /** null: it waits now. */
  until: string | null;
  sentence: string;
  /** How long it may at most. @unit seconds */
  limit: number | null;
}

/** A job's statuses, its attempts and its waits, each kind in order. */
export const jobTimeline = (
  statuses: StatusEntry[],
  attempts: TimedAttempt[],
  waits: TimedWait[],
  limits: JobLimits,
): PanelSpan[] => [
  ...timelineOf(statuses, [], limits),
  ...attempts.map(attemptSpan),
  ...waits.map(({ since, until, sentence, limit }): PanelSpan => ({
    kind: 'wait',
    label: 'Waits for a miner',
    sentence,
    from: since,
    until,
    limit,
  })),
];

function attemptSpan({
  number,
  miner_hotkey,
  started_at,
  ended_at,
  outcome,
  message,
}: TimedAttempt): PanelSpan {
  const end = outcome === null ? 'It goes on.' : `It ended: ${outcomeWords(outcome)}.`;
  return {
    kind: 'attempt',
    label: `Attempt ${number}`,
    sentence: [`The miner ${miner_hotkey} was asked.`, end, message].filter(Boolean).join(' '),
    from: started_at,
    until: ended_at,
    limit: null,
  };
}

/**
 * When a job waited for a miner: before its first attempt, and between two of which the miner had not accepted it. What it
 * waited for then is kept of the last look alone.
 *
 * @param receivedAt when it came
 * @param endedAt null: it has not ended
 */
export function pastWaits(receivedAt: string, endedAt: string | null, attempts: TimedAttempt[]): TimedWait[] {
  const beginnings = [receivedAt, ...attempts.filter(endsBeforeAcceptance).map(({ ended_at }) => ended_at!)];
  return beginnings.flatMap((since, at): TimedWait[] => {
    const until = attempts[at]?.started_at ?? endedAt;
    if (until === null || until <= since) return [];
    return [
      { since, until, sentence: 'It waited for its turn, and for a miner that could have it.', limit: null },
    ];
  });
}
