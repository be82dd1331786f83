import type { Change } from './changes.ts';
import { entry, lastAt, type DevnetState, type Participant } from './state.ts';

/** A participant at a block. */
export interface LedgerNeuron extends Participant {
  hotkey: string;
  uid: number;
  /** When it last set weights, sealed ones included, else when it was registered. @unit blocks */
  last_update: number;
}

/** Everybody who was registered at the end of a block, by uid. */
export function neuronsAt(state: DevnetState, block: number): LedgerNeuron[] {
  const found: LedgerNeuron[] = [];
  for (const [hotkey, changes] of Object.entries(state.neurons)) {
    const neuron = changes[lastAt(changes, block)]?.neuron;
    if (!neuron) continue;
    const { registered, ...participant } = neuron;
    const sets = entry(state.weights, hotkey) ?? [];
    const handedIn = sets[lastAt(sets, block)]?.block ?? 0;
    found.push({ hotkey, ...participant, last_update: Math.max(registered, handedIn) });
  }
  return found.toSorted((a, b) => a.uid - b.uid);
}

/** The number of a hotkey that is registered now. */
export function uidOf(state: DevnetState, hotkey: string): number | undefined {
  return entry(state.neurons, hotkey)?.at(-1)?.neuron?.uid;
}

/** What is registered already as it should be stays as it is: a repeated registration changes nothing. */
export function neuronChange(
  state: DevnetState,
  hotkey: string,
  block: number,
  participant: Participant & { uid: number },
): Change[] {
  const present = entry(state.neurons, hotkey)?.at(-1)?.neuron;
  if (present && same(present, participant)) return [];
  const registered = present?.registered ?? block;
  return [{ kind: 'neuron', hotkey, block, neuron: { ...participant, registered } }];
}

function same(a: Participant, b: Participant): boolean {
  return (
    a.coldkey === b.coldkey &&
    a.stake === b.stake &&
    a.validator_permit === b.validator_permit &&
    a.axon?.ip === b.axon?.ip &&
    a.axon?.port === b.axon?.port
  );
}
