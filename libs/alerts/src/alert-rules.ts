import type { Condition } from './condition.ts';

/** The same is told again while it lasts, and told anew after it was over, when so long has passed. @unit ms */
const toldAgainAfter = 3_600_000;

/** How a condition stands, and who was told of it. Moments in ms since 1970. */
export interface Standing {
  /** Since when it holds; null: it does not. */
  since: number | null;
  /** When it was told last; null: never, or long ago. */
  toldAt: number | null;
  /** Whether it was told, and not yet that it is over. */
  isTold: boolean;
}

export interface Step {
  /** What is to be told now. */
  tell: 'firing' | 'over' | null;
  /** Since when it has held. */
  since: number;
  next: Standing;
}

export const atRest: Standing = { since: null, toldAt: null, isTold: false };

/** What is to be done about a condition that holds or does not. */
export function stepOf(
  condition: Pick<Condition, 'for'>,
  isHolding: boolean,
  standing: Standing,
  now: number,
): Step {
  const since = standing.since ?? now;
  const mayTell = standing.toldAt === null || now - standing.toldAt >= toldAgainAfter;
  if (!isHolding) {
    const next = { since: null, toldAt: mayTell ? null : standing.toldAt, isTold: false };
    return { tell: standing.isTold ? 'over' : null, since, next };
  }
  const isDue = now - since >= condition.for * 1_000 && mayTell;
  const next = isDue ? { since, toldAt: now, isTold: true } : { ...standing, since };
  return { tell: isDue ? 'firing' : null, since, next };
}
