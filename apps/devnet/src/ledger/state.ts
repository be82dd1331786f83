import { newClock, type ClockState } from '../blocks/block-clock.ts';

/** What is registered about a participant. */
export interface Participant {
  coldkey: string;
  /** @unit alpha */
  stake: number;
  validator_permit: boolean;
  /** Where it can be reached; null: it announces nothing. */
  axon: { ip: string; port: number } | null;
}

/** A participant as of a block; null: it left. */
export interface NeuronChange {
  block: number;
  /** `registered`: the block since when it is there without a break. */
  neuron: (Participant & { uid: number; registered: number }) | null;
}

/** What a hotkey has committed since a block, hex with 0x; null: it left. */
export interface CommitmentChange {
  block: number;
  hex: string | null;
}

/** Weights that a hotkey set, for hotkeys that were registered at the time. */
export interface WeightsSet {
  block: number;
  /** The first block in which others see them. */
  revealed: number;
  weights: Record<string, number>;
}

/** Who signs under a name. The token itself is kept nowhere. */
export interface Identity {
  hotkey: string;
  /** SHA-256, hex. */
  tokenHash: string;
}

/** The public part of a hotkey's key for TLS. */
export interface Certificate {
  /** 1: Ed25519 */
  algorithm: number;
  /** Hex. */
  public_key: string;
}

/** What the subnet asks of those who take part. */
export interface Hyperparameters {
  tempo: number;
  min_allowed_weights: number;
  max_weight_limit: number;
  commit_reveal_enabled: boolean;
  /** After so many epochs sealed weights are opened. */
  commit_reveal_period: number;
}

/** The whole chain. */
export interface DevnetState {
  version: 2;
  /** The chain's birth, ISO 8601. Block hashes begin from it. */
  genesis: string;
  clock: ClockState;
  /** The setting for the time between blocks that was last seen: another one counts, an old one does not. @unit ms */
  blockTimeSetting: number;
  /** By hotkey, oldest change first, one for each block at most. */
  neurons: Record<string, NeuronChange[]>;
  /** By hotkey, oldest first. */
  commitments: Record<string, CommitmentChange[]>;
  /** By hotkey, oldest first. */
  weights: Record<string, WeightsSet[]>;
  /** By name. */
  identities: Record<string, Identity>;
  /** By hotkey. */
  certificates: Record<string, Certificate>;
  hyperparameters: Hyperparameters;
}

/** Those of the real network, but for weights that everybody sees at once. */
const hyperparameters: Hyperparameters = {
  tempo: 360,
  min_allowed_weights: 1,
  max_weight_limit: 65_535,
  commit_reveal_enabled: false,
  commit_reveal_period: 1,
};

export function newState(now: number, blockTime: number): DevnetState {
  return {
    version: 2,
    genesis: new Date(now).toISOString(),
    clock: newClock(now, blockTime),
    blockTimeSetting: blockTime,
    neurons: {},
    commitments: {},
    weights: {},
    identities: {},
    certificates: {},
    hyperparameters,
  };
}

/** A chain as the first devnets kept it. */
interface FirstState {
  version: 1;
  genesis: string;
  clock: { block: number; at: number; blockTime: number };
  neurons: Record<string, { block: number; neuron: (Participant & { uid: number }) | null }[]>;
  commitments: Record<string, { block: number; hex: string }>;
  weights: { block: number; hotkey: string; weights: Record<string, number> }[];
  identities: DevnetState['identities'];
}

/** What was kept as a whole, in today's form; null when it is something else. */
export function readState(kept: unknown): DevnetState | null {
  if (!isRecord(kept) || typeof kept['genesis'] !== 'string' || !isRecord(kept['clock'])) return null;
  if (!['neurons', 'commitments', 'identities'].every((part) => isRecord(kept[part]))) return null;
  if (kept['version'] === 1) return upgraded(kept as unknown as FirstState);
  const isWhole =
    kept['version'] === 2 &&
    ['weights', 'certificates', 'hyperparameters'].every((part) => isRecord(kept[part])) &&
    Array.isArray(kept['clock']['segments']) &&
    Array.isArray(kept['clock']['forks']);
  return isWhole ? (kept as unknown as DevnetState) : null;
}

function upgraded({ genesis, clock, neurons, commitments, weights, identities }: FirstState) {
  if (![clock.block, clock.at, clock.blockTime].every(Number.isFinite) || !Array.isArray(weights))
    return null;
  const state = newState(clock.at, clock.blockTime);
  Object.assign(state, { genesis, identities });
  state.clock.segments[0]!.block = clock.block;
  for (const [hotkey, changes] of Object.entries(neurons)) {
    let registered: number | null = null;
    state.neurons[hotkey] = changes.map(({ block, neuron }) => {
      registered = neuron ? (registered ?? block) : null;
      return { block, neuron: neuron && { ...neuron, registered: registered ?? block } };
    });
  }
  for (const [hotkey, commitment] of Object.entries(commitments)) state.commitments[hotkey] = [commitment];
  for (const { hotkey, block, weights: set } of weights) {
    (state.weights[hotkey] ??= []).push({ block, revealed: block, weights: set });
  }
  return state;
}

/** What a record holds under a name that came from outside: `constructor` is no entry. */
export function entry<T>(record: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** The last of a history that was there at the end of a block; its index, -1: none was. */
export function lastAt(history: readonly { block: number }[], block: number): number {
  let [from, to] = [0, history.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (history[middle]!.block <= block) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
