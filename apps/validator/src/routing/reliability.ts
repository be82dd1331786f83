/** How chances follow from reliabilities, as ComputeHorde's validators set it. */
export interface ReliabilityCurve {
  /** Below 0. A miner as reliable as this is hardly ever asked first; half-way to 0 it has half the chance of a good one. */
  softCutoff: number;
  /** How sharply the curve falls around its middle; above 0. */
  separation: number;
}

/** No chance is exactly 0 or 1: a miner that has had incidents is asked last, not never. */
const least = 1e-6;
/** Beyond it the exponential would leave the range of numbers. */
const maxExponent = 500;

/**
 * How reliable a miner is for an executor class, as in ComputeHorde's validator: 0 is the best; the more executors it
 * offers, the less one incident counts.
 *
 * @param incidents that it has had on the class, in the time that counts
 * @param offered how many executors of the class it offers
 */
export const reliabilityOf = (incidents: number, offered: number): number =>
  0 - incidents / Math.max(offered, 1);

/**
 * The chance of each miner to be asked first, in the order of their reliabilities; they sum to 1. As in ComputeHorde's
 * validator: p = 1 / (1 + e^(−k (r − c))) with c = cutoff / 2 and k = separation / −c, kept within [1e−6, 1 − 1e−6].
 */
export function chancesOf(
  reliabilities: readonly number[],
  { softCutoff, separation }: ReliabilityCurve,
): number[] {
  const center = softCutoff / 2;
  const steepness = separation / -center;
  const raw = reliabilities.map((reliability) => {
    const exponent = clamp(-steepness * (reliability - center), -maxExponent, maxExponent);
    return clamp(1 / (1 + Math.exp(exponent)), least, 1 - least);
  });
  const sum = raw.reduce((total, chance) => total + chance, 0);
  return raw.map((chance) => chance / sum);
}

const clamp = (value: number, min: number, max: number): number => Math.min(Math.max(value, min), max);
