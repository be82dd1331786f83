import type { ClockChange } from '../blocks/block-clock.ts';
import {
  entry,
  type Certificate,
  type CommitmentChange,
  type DevnetState,
  type Hyperparameters,
  type Identity,
  type NeuronChange,
  type WeightsSet,
} from './state.ts';

/** How many weight settings of one hotkey are kept; older ones are forgotten. */
const keptWeights = 100;

/** One thing that happened on the chain. A chain is what its changes make of it, in their order. */
export type Change =
  | ({ kind: 'neuron'; hotkey: string } & NeuronChange)
  | ({ kind: 'commitment'; hotkey: string } & CommitmentChange)
  | ({ kind: 'weights'; hotkey: string } & WeightsSet)
  | ({ kind: 'identity'; name: string } & Identity)
  | ({ kind: 'certificate'; hotkey: string } & Certificate)
  | ({ kind: 'hyperparameters' } & Hyperparameters)
  | ({ kind: 'clock' } & ClockChange)
  | { kind: 'reorg'; block: number; salt: string; loses: boolean };

/** Lets a change happen. */
export function apply(state: DevnetState, change: Change): void {
  switch (change.kind) {
    case 'neuron': {
      const changes = (state.neurons[change.hotkey] = entry(state.neurons, change.hotkey) ?? []);
      if (changes.at(-1)?.block === change.block) changes.pop();
      changes.push({ block: change.block, neuron: change.neuron });
      return;
    }
    case 'commitment': {
      const changes = (state.commitments[change.hotkey] = entry(state.commitments, change.hotkey) ?? []);
      if (changes.at(-1)?.block === change.block) changes.pop();
      changes.push({ block: change.block, hex: change.hex });
      return;
    }
    case 'weights': {
      const { block, revealed, weights } = change;
      const sets = (state.weights[change.hotkey] = entry(state.weights, change.hotkey) ?? []);
      sets.push({ block, revealed, weights });
      if (sets.length > keptWeights) sets.shift();
      return;
    }
    case 'identity':
      state.identities[change.name] = { hotkey: change.hotkey, tokenHash: change.tokenHash };
      return;
    case 'certificate':
      state.certificates[change.hotkey] = { algorithm: change.algorithm, public_key: change.public_key };
      return;
    case 'hyperparameters': {
      const { kind: _, ...hyperparameters } = change;
      state.hyperparameters = hyperparameters;
      return;
    }
    case 'clock': {
      const { keep, segments, until, shift } = change;
      state.clock.segments.splice(keep, Infinity, ...segments);
      Object.assign(state.clock, { until, shift });
      return;
    }
    case 'reorg':
      state.clock.forks.push({ block: change.block, salt: change.salt });
      if (!change.loses) return;
      for (const histories of [state.neurons, state.commitments, state.weights]) {
        for (const [hotkey, history] of Object.entries(histories)) {
          histories[hotkey] = history.filter(({ block }: { block: number }) => block < change.block) as never;
        }
      }
  }
}
