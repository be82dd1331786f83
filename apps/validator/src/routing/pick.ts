/** A miner that offers executors of the class that is wanted. */
export interface Candidate {
  hotkey: string;
  ip: string;
  port: number;
  /** How many executors of the class its manifest offers. */
  offered: number;
  /** How many jobs of ours it runs on that class. */
  running: number;
  /** When a job of ours on that class last ended there; null: it has had none. @unit ms since 1970 */
  freeSince: number | null;
}

/**
 * The miner for a job: of those with a free executor the one that has been free longest, one that has had no job
 * first; among equals by chance. null: all are busy.
 *
 * @param random a number from 0 up to, but not including, 1
 */
export function pick(candidates: Candidate[], random: () => number): Candidate | null {
  const free = candidates.filter(({ offered, running }) => running < offered);
  const longest = Math.min(...free.map(since));
  const equals = free.filter((candidate) => since(candidate) === longest);
  return equals[Math.floor(random() * equals.length)] ?? null;
}

const since = ({ freeSince }: Candidate): number => freeSince ?? 0;
