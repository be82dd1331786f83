import { badAnswer, parseAnswer } from './job-resource.ts';

/** A miner, and why it did not get the job; null: nothing was in its way. */
export interface MinerVerdict {
  minerHotkey: string;
  reason: string | null;
}

/** One miner that was asked to run a job. */
export interface JobAttempt {
  /** 1 for the first. */
  number: number;
  minerHotkey: string;
  startedAt: Date;
  /** null: it goes on. */
  endedAt: Date | null;
  /** null: it goes on. */
  outcome: string | null;
  /** For a person; null: there is nothing to say. */
  message: string | null;
}

/** One look for a miner. */
export interface MinerChoice {
  at: Date;
  /** What it came to, for a person. */
  sentence: string;
  /** At most 20. */
  candidates: MinerVerdict[];
  /** How many miners have which reason. */
  counts: Record<string, number>;
}

/** Why a job is where it is. */
export interface JobDescription {
  /** What it waits for, or how it has ended, for a person. */
  sentence: string;
  /** null: its validator does not tell. */
  waitsFor: string | null;
  waitsSince: Date | null;
  /** At most. */
  waitsUntil: Date | null;
  /** Whose knowledge this is. The facilitator knows of no attempts and choices. */
  toldBy: 'validator' | 'facilitator';
  /** Oldest first, as the choices. */
  attempts: JobAttempt[];
  choices: MinerChoice[];
}

interface DescriptionAnswer {
  sentence: string;
  waits_for: string | null;
  waits_since: string | null;
  waits_until: string | null;
  told_by: 'validator' | 'facilitator';
  attempts: {
    number: number;
    miner_hotkey: string;
    started_at: string;
    ended_at: string | null;
    outcome: string | null;
    message: string | null;
  }[];
  choices: {
    at: string;
    sentence: string;
    candidates: { miner_hotkey: string; reason: string | null }[];
    counts: Record<string, number>;
  }[];
}

/** @throws HordeClientError BAD_ANSWER */
export function readDescription(text: string): JobDescription {
  const answer = parseAnswer(text) as Partial<DescriptionAnswer> | null;
  if (typeof answer?.sentence !== 'string') throw badAnswer('no description of a job');
  const { sentence, waits_for, waits_since, waits_until, told_by, attempts = [], choices = [] } = answer;
  return {
    sentence,
    waitsFor: waits_for ?? null,
    waitsSince: dateOf(waits_since),
    waitsUntil: dateOf(waits_until),
    toldBy: told_by ?? 'facilitator',
    attempts: attempts.map(({ number, miner_hotkey, started_at, ended_at, outcome, message }) => ({
      number,
      minerHotkey: miner_hotkey,
      startedAt: new Date(started_at),
      endedAt: dateOf(ended_at),
      outcome,
      message,
    })),
    choices: choices.map(({ at, sentence, candidates, counts }) => ({
      at: new Date(at),
      sentence,
      candidates: candidates.map(({ miner_hotkey, reason }) => ({ minerHotkey: miner_hotkey, reason })),
      counts,
    })),
  };
}

const dateOf = (text: string | null | undefined): Date | null => (text ? new Date(text) : null);
