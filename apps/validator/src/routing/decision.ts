import type { Candidate, Obstacle } from './candidate.ts';

/** A candidate as a stored decision has it. */
export interface Considered {
  hotkey: string;
  reliability: number;
  /** To be tried first. */
  chance: number;
  offered: number;
  busy: number;
  /** What of its allowance no job has booked. @unit executor-seconds */
  allowance: number;
  /** What stood in its way; else whether it was chosen, or did not have its turn any more. */
  result: Obstacle | 'chosen' | 'not tried';
}

/** Who was to have a job, and why. */
export interface Decision {
  /** The outcome as a sentence. */
  says: string;
  /** As many as there is room for: the chosen one, those that were tried, the others. */
  candidates: Considered[];
  /** How many more there were, by result. */
  others: Record<string, number>;
}

/** A decision takes less room than this in the database. @unit bytes */
const maxSize = 2_000;
/** @unit characters */
const maxSentence = 300;

/** A row of the text: shorter than with the names of the fields, so that more of them find room. */
type Row = [string, number, number, number, number, number, Considered['result']];

/** The text of a decision, of less than 2 kB. */
export function writeDecision(says: string, candidates: readonly Candidate[], chosen: string | null): string {
  const byResult = Map.groupBy(candidates, (candidate) => resultOf(candidate, chosen));
  const others = new Map([...byResult].map(([result, those]) => [result, those.length]));
  const text = (rows: Row[]) =>
    JSON.stringify({
      says: says.slice(0, maxSentence),
      candidates: rows,
      others: Object.fromEntries(others),
    });
  // Each row makes the counts of the others no longer than they are here.
  let room = maxSize - Buffer.byteLength(text([]));
  const rows: Row[] = [];
  for (const [result, those] of [...byResult].toSorted(([a], [b]) => rankOf(a) - rankOf(b))) {
    for (const candidate of those) {
      const row = rowOf(candidate, result);
      room -= Buffer.byteLength(JSON.stringify(row)) + 1;
      if (room <= 0) return text(rows);
      rows.push(row);
      const left = others.get(result)! - 1;
      if (left > 0) others.set(result, left);
      else others.delete(result);
    }
  }
  return text(rows);
}

/** The decision in a text that `writeDecision` has made. */
export function readDecision(text: string): Decision {
  const { says, candidates, others } = JSON.parse(text) as Omit<Decision, 'candidates'> & {
    candidates: Row[];
  };
  return {
    says,
    others,
    candidates: candidates.map(([hotkey, reliability, chance, offered, busy, allowance, result]) => ({
      hotkey,
      reliability,
      chance,
      offered,
      busy,
      allowance,
      result,
    })),
  };
}

const resultOf = ({ hotkey, obstacle }: Candidate, chosen: string | null): Considered['result'] =>
  hotkey === chosen ? 'chosen' : (obstacle ?? 'not tried');

const rankOf = (result: Considered['result']): number =>
  result === 'chosen' ? 0 : result === 'not tried' ? 2 : 1;

const rowOf = (
  { hotkey, reliability, chance, offered, busy, allowance }: Candidate,
  result: Considered['result'],
): Row => [
  hotkey,
  Number(reliability.toFixed(2)),
  Number(chance.toPrecision(3)),
  offered,
  busy,
  Math.floor(allowance),
  result,
];
