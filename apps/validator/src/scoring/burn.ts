import { float64, mapFloats } from './float-arrays.ts';
import { processWeights, type UidWeights, type WeightLimits } from './process-weights.ts';
import { PythonRandom } from './python-random.ts';

/** How much is burnt, and where. */
export interface BurnRules {
  /** Hotkeys whose weight is burnt: what they would earn is nobody's. */
  targets: readonly string[];
  /** The part of all weights, 0 to 1. */
  rate: number;
  /** The part of it that the cycle's main target gets when there are several, 0 to 1. */
  partition: number;
}

/** Which targets get which part of all weights. */
export interface Burn {
  /** The one that gets the partition; with one target that one. */
  main: string;
  parts: ReadonlyMap<string, number>;
}

/**
 * What is burnt in a cycle; null: nothing. Only registered targets count; all validators choose the same main target, by
 * the start of the cycle.
 *
 * @param seed the first block of the cycle whose work is scored
 */
export function burnOf(
  { targets, rate, partition }: BurnRules,
  isRegistered: (hotkey: string) => boolean,
  seed: number,
): Burn | null {
  const registered = targets.filter(isRegistered).toSorted(byCodePoint);
  if (registered.length === 0 || rate === 0) return null;
  if (registered.length === 1) return { main: registered[0]!, parts: new Map([[registered[0]!, rate]]) };
  const main = new PythonRandom(BigInt(seed)).choice(registered);
  const others = registered.filter((hotkey) => hotkey !== main);
  const each = (rate * (1 - partition)) / (registered.length - 1);
  return {
    main,
    parts: new Map([[main, rate * partition], ...others.map((hotkey) => [hotkey, each] as const)]),
  };
}

/** Addresses are ASCII. */
const byCodePoint = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The weights with a part of them burnt, processed once more. */
export function applyBurn(
  given: UidWeights,
  { rate, burn, uidOf }: { rate: number; burn: Burn; uidOf: ReadonlyMap<string, number> },
  neurons: number,
  limits: WeightLimits,
): UidWeights {
  const kept = 1 - rate;
  const uids = [...given.uids];
  const factor = given.weights.round(kept);
  let weights = mapFloats(given.weights, (weight) => weight * factor);
  for (const [hotkey, part] of burn.parts) {
    const uid = uidOf.get(hotkey)!;
    if (uids.includes(uid)) {
      const added = weights.round(part);
      weights = mapFloats(weights, (weight, index) => (uids[index] === uid ? weight + added : weight));
    } else {
      // NumPy makes an array wider that a float64 is appended to.
      uids.push(uid);
      weights = float64([...weights.values, part]);
    }
  }
  return processWeights({ uids, weights }, neurons, limits);
}
