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
  const considered = candidates.map((candidate) => consider(candidate, chosen));
  const inOrder = considered.toSorted((a, b) => weightOf(a) - weightOf(b));
  const rows: Row[] = [];
  const text = () =>
    JSON.stringify({
      says: says.slice(0, maxSentence),
      candidates: rows,
      others: countsOf(inOrder.slice(rows.length)),
    });
  let written = text();
  for (const { hotkey, reliability, chance, offered, busy, allowance, result } of inOrder) {
    rows.push([hotkey, reliability, chance, offered, busy, allowance, result]);
    const longer = text();
    if (Buffer.byteLength(longer) >= maxSize) break;
    written = longer;
  }
  return written;
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

function consider({ obstacle, ...candidate }: Candidate, chosen: string | null): Considered {
  const { hotkey, reliability, chance, offered, busy, allowance } = candidate;
  const result = hotkey === chosen ? 'chosen' : (obstacle ?? 'not tried');
  return {
    hotkey,
    reliability: Number(reliability.toFixed(2)),
    chance: Number(chance.toPrecision(3)),
    offered,
    busy,
    allowance: Math.floor(allowance),
    result,
  };
}

const weightOf = ({ result }: Considered): number =>
  result === 'chosen' ? 0 : result === 'not tried' ? 2 : 1;

function countsOf(considered: readonly Considered[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { result } of considered) counts[result] = (counts[result] ?? 0) + 1;
  return counts;
}
