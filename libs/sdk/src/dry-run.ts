import type { ExecutorClass } from '@horde/protocol';
import { badAnswer, parseAnswer } from './job-resource.ts';

/** Whether a job could run now, and what that would take. Nothing was reserved. */
export interface DryRun {
  couldRun: boolean;
  /** Why not, for programs; null when it could. */
  reason: string | null;
  /** For a person. */
  sentence: string;
  /** What it would take of a miner. `seconds` is the sum of its limits. */
  reserves: { executorClass: ExecutorClass; seconds: number };
  /** The miners that were looked at, at most 20. `reason`: why this one could not; null: it could. */
  candidates: { minerHotkey: string; reason: string | null }[];
  /** How many miners have which reason. */
  counts: Record<string, number>;
  /** null: nobody knows. @unit seconds */
  expectedWait: number | null;
}

/** The answer of a facilitator. */
interface DryRunAnswer {
  could_run: boolean;
  reason?: string | null;
  sentence: string;
  reserves: { executor_class: ExecutorClass; seconds: number };
  candidates?: { miner_hotkey: string; reason?: string | null }[];
  counts?: Record<string, number>;
  expected_wait_seconds?: number | null;
}

/** @throws HordeClientError BAD_ANSWER */
export function readDryRun(text: string): DryRun {
  const answer = parseAnswer(text) as Partial<DryRunAnswer> | null;
  if (typeof answer?.could_run !== 'boolean' || !answer.reserves) throw badAnswer('no dry run');
  const {
    could_run: couldRun,
    reason = null,
    sentence = '',
    reserves,
    candidates = [],
    counts = {},
  } = answer;
  return {
    couldRun,
    reason,
    sentence,
    reserves: { executorClass: reserves.executor_class, seconds: reserves.seconds },
    candidates: candidates.map(({ miner_hotkey, reason = null }) => ({ minerHotkey: miner_hotkey, reason })),
    counts,
    expectedWait: answer.expected_wait_seconds ?? null,
  };
}
