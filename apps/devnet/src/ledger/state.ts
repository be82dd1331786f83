import type { ClockStart } from '../blocks/block-clock.ts';

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
interface NeuronChange {
  block: number;
  neuron: (Participant & { uid: number }) | null;
}

/** Weights that a hotkey set, for hotkeys that were registered at the time. */
export interface WeightsSet {
  block: number;
  hotkey: string;
  weights: Record<string, number>;
}

/** Who signs under a name. The token itself is kept nowhere. */
interface Identity {
  hotkey: string;
  /** SHA-256, hex. */
  tokenHash: string;
}

/** The whole chain. Replaced as one, never changed in place. */
export interface DevnetState {
  version: 1;
  /** The chain's birth, ISO 8601. Block hashes begin from it. */
  genesis: string;
  clock: ClockStart;
  /** By hotkey, oldest change first, one for each block at most. */
  neurons: Record<string, NeuronChange[]>;
  /** By hotkey. */
  commitments: Record<string, { block: number; hex: string }>;
  /** Oldest first. */
  weights: WeightsSet[];
  /** By name. */
  identities: Record<string, Identity>;
}

export function newState(now: number, blockTime: number): DevnetState {
  return {
    version: 1,
    genesis: new Date(now).toISOString(),
    clock: { block: 0, at: now, blockTime },
    neurons: {},
    commitments: {},
    weights: [],
    identities: {},
  };
}

/** What a record holds under a name that came from outside: `constructor` is no entry. */
export function entry<T>(record: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
