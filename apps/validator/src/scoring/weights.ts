import { applyBurn, burnOf, type Burn, type BurnRules } from './burn.ts';
import { float32 } from './float-arrays.ts';
import { processWeights, type UidWeights, type WeightLimits } from './process-weights.ts';

/** Who may be given weights, and what the subnet asks of them. */
export interface Subnet {
  /** All that are registered, by uid. */
  neurons: readonly { uid: number; hotkey: string }[];
  limits: WeightLimits;
}

/** What a validator hands in for a cycle. */
export interface CycleWeights {
  /** By hotkey; null: there is nothing to say, so nothing is handed in. */
  weights: ReadonlyMap<string, number> | null;
  /** What is burnt of them. */
  burn: Burn | null;
}

/**
 * The weights for a cycle's scores. Scores of hotkeys that are not registered are lost.
 *
 * @param seed the first block of the cycle
 */
export function weightsOf(
  scores: ReadonlyMap<string, number>,
  { neurons, limits }: Subnet,
  burnRules: BurnRules,
  seed: number,
): CycleWeights {
  const uidOf = new Map(neurons.map(({ uid, hotkey }) => [hotkey, uid]));
  const burn = burnOf(burnRules, (hotkey) => uidOf.has(hotkey), seed);
  const isScored = neurons.some(({ hotkey }) => scores.has(hotkey));
  if (!isScored && !burn) return { weights: null, burn };
  let result: UidWeights = {
    uids: neurons.map(({ uid }) => uid),
    weights: float32(neurons.map(({ hotkey }) => scores.get(hotkey) ?? 0)),
  };
  if (isScored) result = processWeights(result, neurons.length, limits);
  if (burn) result = applyBurn(result, { rate: burnRules.rate, burn, uidOf }, neurons.length, limits);
  const hotkeyOf = new Map(neurons.map(({ uid, hotkey }) => [uid, hotkey]));
  const byHotkey = result.uids.flatMap((uid, index) => {
    const hotkey = hotkeyOf.get(uid);
    return hotkey === undefined ? [] : [[hotkey, result.weights.values[index]!] as const];
  });
  return { weights: new Map(byHotkey), burn };
}
