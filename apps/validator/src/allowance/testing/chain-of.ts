import { Blocks, type KnownBlock } from '../blocks.ts';
import { Offer, type ManifestChange } from '../manifests.ts';

/** Blocks one after the other. @param durations ms, of each but the last @param first the number of the first */
export function blocksOf(
  durations: readonly number[],
  shares: Record<string, number>,
  { first = 0, multiplier = 1 }: { first?: number; multiplier?: number } = {},
): Blocks {
  const known: KnownBlock[] = [];
  let at = Date.UTC(2026);
  for (const [index, duration] of [...durations, 0].entries()) {
    known.push({ number: first + index, at, multiplier, shares: new Map(Object.entries(shares)) });
    at += duration;
  }
  return new Blocks(known);
}

/** An offer that is the same all along, or changes at blocks. */
export const offerOf = (...changes: (Omit<ManifestChange, 'isDrop'> & { isDrop?: boolean })[]): Offer =>
  new Offer(changes.map((change) => ({ isDrop: false, ...change })));
