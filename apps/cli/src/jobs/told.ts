import { HordeClientError, type Job, type JobDescription } from '@horde/sdk';
import { table } from '../terminal/table.ts';
import { plain, shortHotkey } from '../terminal/words.ts';

/** What its validator knows of a job; null: the facilitator does not tell. */
export async function toldOf(job: Job, signal: AbortSignal): Promise<JobDescription | null> {
  try {
    return await job.describe({ signal });
  } catch (error) {
    if (error instanceof HordeClientError && error.code === 'NOT_SUPPORTED') return null;
    throw error;
  }
}

/** Lines: which miners were asked, and why others did not get the job when one was looked for last. */
export function lookedFor({ attempts, choices }: JobDescription): string[] {
  const asked = attempts.map(({ minerHotkey, outcome, message }) => [
    shortHotkey(plain(minerHotkey)),
    plain(outcome ?? 'has it'),
    plain(message ?? ''),
  ]);
  const others = (choices.at(-1)?.candidates ?? []).flatMap(({ minerHotkey, reason }) =>
    reason === null ? [] : [[shortHotkey(plain(minerHotkey)), plain(reason.replaceAll('_', ' '))]],
  );
  const tables = [
    [['ASKED', 'OUTCOME', ''], ...asked],
    [['MINER', 'WHY NOT'], ...others],
  ];
  return tables.flatMap((rows) => (rows.length > 1 ? ['', ...table(rows)] : []));
}

export const toldAsJson = ({ toldBy, attempts, choices }: JobDescription): object => ({
  told_by: toldBy,
  attempts: attempts.map(({ number, minerHotkey, startedAt, endedAt, outcome, message }) => ({
    number,
    miner_hotkey: minerHotkey,
    started_at: startedAt.toISOString(),
    ended_at: endedAt?.toISOString() ?? null,
    outcome,
    message,
  })),
  choices: choices.map(({ at, sentence, candidates, counts }) => ({
    at: at.toISOString(),
    sentence,
    candidates: candidates.map(({ minerHotkey, reason }) => ({ miner_hotkey: minerHotkey, reason })),
    counts,
  })),
});
