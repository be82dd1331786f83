import { createHash } from 'node:crypto';
import { readClassWeights } from '../scoring/class-weights.ts';
import type { Burn } from '../scoring/burn.ts';
import { scoreCycle, type Scores } from '../scoring/scores.ts';
import { weightsOf } from '../scoring/weights.ts';
import type { CycleInputs } from './cycle-inputs.ts';

/** Why everybody gets what they get, as it is stored and shown. */
export interface Reasons {
  /** Whose registrations count. */
  neurons_block: number;
  neurons: number;
  limits: { min_allowed_weights: number; max_weight_limit: number };
  classes: {
    executor_class: string;
    weight: number;
    /** @unit executor-seconds, bonuses included */
    total: number;
    coldkeys: {
      coldkey: string;
      /** What its hotkeys were paid for. @unit executor-seconds */
      total: number;
      main_hotkey: string | null;
      previous_main_hotkey: string | null;
      danced: boolean;
      shares: Record<string, number>;
    }[];
  }[];
  /** What hotkeys would have got that are not registered. */
  lost: Record<string, number>;
  /** Own jobs that were left out because they were reported as cheated, and what they would have counted. */
  cheated: { job_uuid: string; miner_hotkey: string; cost: number }[];
  burn: { main: string; parts: Record<string, number> } | null;
}

export interface Weighed {
  /** By hotkey; null: there is nothing to send. */
  weights: ReadonlyMap<string, number> | null;
  reasons: Reasons;
  /** SHA-256 of the inputs, hex. */
  digest: string;
  burn: Burn | null;
}

/** The weights for a cycle, and why. */
export function weigh(inputs: CycleInputs): Weighed {
  const { window, neurons, limits, burn: burnRules } = inputs;
  const holdings = new Map<string, string[]>();
  for (const { hotkey, coldkey } of neurons)
    holdings.set(coldkey, [...(holdings.get(coldkey) ?? []), hotkey]);
  const scores = scoreCycle({ ...inputs, holdings, classWeights: readClassWeights(inputs.classWeights) });
  const { weights, burn } = weightsOf(scores.byHotkey, { neurons, limits }, burnRules, window.cycle.start);
  return { weights, burn, digest: digestOf(inputs), reasons: reasonsOf(inputs, scores, burn) };
}

function reasonsOf(inputs: CycleInputs, scores: Scores, burn: Burn | null): Reasons {
  const registered = new Set(inputs.neurons.map(({ hotkey }) => hotkey));
  return {
    neurons_block: inputs.neuronsBlock,
    neurons: inputs.neurons.length,
    limits: {
      min_allowed_weights: inputs.limits.minAllowedWeights,
      max_weight_limit: inputs.limits.maxWeightLimit,
    },
    classes: scores.classes.map(({ executorClass, weight, total, coldkeys }) => ({
      executor_class: executorClass,
      weight,
      total,
      coldkeys: [...coldkeys].map(([coldkey, share]) => ({
        coldkey,
        total: share.total,
        main_hotkey: share.current,
        previous_main_hotkey: share.previous,
        danced: share.danced,
        shares: Object.fromEntries(share.shares),
      })),
    })),
    lost: Object.fromEntries([...scores.byHotkey].filter(([hotkey]) => !registered.has(hotkey))),
    cheated: inputs.cheated.map(({ jobUuid, minerHotkey, cost }) => ({
      job_uuid: jobUuid,
      miner_hotkey: minerHotkey,
      cost,
    })),
    burn: burn && { main: burn.main, parts: Object.fromEntries(burn.parts) },
  };
}

/** Of everything that the weights depend on, in an order of its own. */
function digestOf(inputs: CycleInputs): string {
  const { window, scores, neurons, coldkeyOf, mainHotkeys, limits, classWeights, dancing, burn } = inputs;
  const parts = [
    window.cycle,
    [...scores].map(([executorClass, paid]) => [executorClass, [...paid]]),
    neurons.map(({ uid, hotkey, coldkey }) => [uid, hotkey, coldkey]),
    [...coldkeyOf].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    [...mainHotkeys].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    limits,
    classWeights,
    dancing,
    burn,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
