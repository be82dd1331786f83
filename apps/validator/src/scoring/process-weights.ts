import { cumulated, float32, float64, mapFloats, sumOf, type Floats } from './float-arrays.ts';

/** Weights by uid; parallel, in the order in which they are added up. */
export interface UidWeights {
  uids: readonly number[];
  weights: Floats;
}

/** What a subnet asks of weights. */
export interface WeightLimits {
  /** Fewer weights than these are not taken. */
  minAllowedWeights: number;
  /** The largest part that one neuron may have. @unit 1/65535 */
  maxWeightLimit: number;
}

/** What every neuron has at least where too few have a weight of their own. */
const least = 1e-5;
/** Keeps the reckoning of the cutoff from dividing by 0. */
const epsilon = 1e-7;

/**
 * Weights as a subnet takes them, with a sum of 1: bittensor's `process_weights` (9.9, without torch), as ComputeHorde's
 * validator uses it. Without any weight, or with fewer neurons than weights are needed, all get the same; with too few
 * weights every neuron gets a little; else only those that have a weight are kept.
 *
 * @param neurons how many neurons the subnet has; their uids are 0 to one less
 */
export function processWeights(
  { uids, weights }: UidWeights,
  neurons: number,
  limits: WeightLimits,
): UidWeights {
  const limit = limits.maxWeightLimit / 65_535;
  const given = float32(weights.values);
  const weighty = given.values.map((_, index) => index).filter((index) => given.values[index]! > 0);
  const everybody = Array.from({ length: neurons }, (_, uid) => uid);
  if (weighty.length === 0 || neurons < limits.minAllowedWeights)
    return { uids: everybody, weights: float64(everybody.map(() => 1 / neurons)) };
  if (weighty.length < limits.minAllowedWeights) {
    // By index and not by uid, as there: the two are the same as long as uids have no gaps.
    const filled = everybody.map(
      (index) => least + ((given.values[index] ?? 0) > 0 ? given.values[index]! : 0),
    );
    return { uids: everybody, weights: capped(float64(filled), limit) };
  }
  return {
    uids: weighty.map((index) => uids[index]!),
    weights: capped(float32(weighty.map((index) => given.values[index]!)), limit),
  };
}

/** Divided by their sum; where one would then be above the limit, the largest are cut off so that it fits. */
function capped(weights: Floats, limit: number): Floats {
  const { round, values } = weights;
  const count = values.length;
  const total = sumOf(weights);
  if (total === 0 || count * limit <= 1) return mapFloats(weights, () => 1 / count);
  const rising = { round, values: values.toSorted((a, b) => a - b) };
  const risingTotal = sumOf(rising);
  const parts = mapFloats(rising, (value) => value / risingTotal);
  const largestPart = round(limit);
  if (parts.values.at(-1)! <= largestPart) return mapFloats(weights, (value) => value / total);
  const cutoff = cutoffOf(parts, limit) * risingTotal;
  const cut = mapFloats(weights, (value) => (value > cutoff ? cutoff : value));
  const cutTotal = sumOf(cut);
  return mapFloats(cut, (value) => value / cutTotal);
}

/** The part of the sum above which weights are cut off. @param parts of 1, rising */
function cutoffOf(parts: Floats, limit: number): number {
  const { round, values } = parts;
  const count = values.length;
  const upTo = cumulated(parts);
  const fitting = values.filter((part, index) => {
    const ifAllAbove = round((count - index - 1) * part);
    return round(part / round(round(ifAllAbove + upTo[index]!) + round(epsilon))) < round(limit);
  }).length;
  // With none that fits, the sum before the first is taken for that of all, as Python's index of -1 does.
  const below = round(round(round(limit) * upTo.at(fitting - 1)!) - round(epsilon));
  return below / (1 - limit * (count - fitting));
}
