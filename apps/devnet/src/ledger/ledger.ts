import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockClock, changeBlockTime } from '../blocks/block-clock.ts';
import { StateFile } from './state-file.ts';
import { entry, newState, type DevnetState, type Participant, type WeightsSet } from './state.ts';

/** How many weight settings of one hotkey are kept; older ones are forgotten. */
const keptWeights = 100;

/** A participant at a block. */
export interface LedgerNeuron extends Participant {
  hotkey: string;
  uid: number;
  /** When it last set weights, else when it was registered. @unit blocks */
  last_update: number;
}

/** What the chain knows. A change is answered when it stands in the file; if it cannot be written, it did not happen. */
export class Ledger {
  readonly clock: BlockClock;
  private changes: Promise<unknown> = Promise.resolve();

  constructor(
    private state: DevnetState,
    private readonly file: StateFile,
    now: () => number,
  ) {
    this.clock = new BlockClock(state.genesis, state.clock, now);
  }

  /** Everybody who was registered at the end of a block, by uid. */
  neurons(block: number): LedgerNeuron[] {
    return neuronsAt(this.state, block);
  }

  /** Registers a hotkey under the lowest free uid, or changes what is registered. */
  async register(hotkey: string, participant: Participant): Promise<LedgerNeuron> {
    return this.change((state) => {
      const uid = uidOf(state, hotkey) ?? lowestFreeUid(state);
      const { number } = this.clock.latest();
      setNeuron(state, hotkey, number, { ...participant, uid });
      return neuronsAt(state, number).find((neuron) => neuron.hotkey === hotkey)!;
    });
  }

  /** Writes where a hotkey can be reached. Returns whether it is registered. */
  async announce(hotkey: string, axon: Participant['axon']): Promise<boolean> {
    return this.change((state) => {
      const present = entry(state.neurons, hotkey)?.at(-1)?.neuron;
      if (!present) return false;
      setNeuron(state, hotkey, this.clock.latest().number, { ...present, axon });
      return true;
    });
  }

  /** Its commitment goes with it; its past stays. Returns whether it was registered. */
  async remove(hotkey: string): Promise<boolean> {
    return this.change((state) => {
      if (uidOf(state, hotkey) === undefined) return false;
      setNeuron(state, hotkey, this.clock.latest().number, null);
      delete state.commitments[hotkey];
      return true;
    });
  }

  isRegistered(hotkey: string): boolean {
    return uidOf(this.state, hotkey) !== undefined;
  }

  /** By hotkey, hex with 0x, and the block at which it was set. */
  get commitments(): Readonly<DevnetState['commitments']> {
    return this.state.commitments;
  }

  commitment(hotkey: string): { block: number; hex: string } | undefined {
    return entry(this.state.commitments, hotkey);
  }

  async commit(hotkey: string, data: Uint8Array): Promise<void> {
    await this.change((state) => {
      const hex = `0x${Buffer.from(data).toString('hex')}`;
      state.commitments[hotkey] = { block: this.clock.latest().number, hex };
    });
  }

  /** The weights set so far, oldest first; of each hotkey the last hundred. */
  get weights(): readonly WeightsSet[] {
    return this.state.weights;
  }

  /** Those for hotkeys that are not registered are dropped, as on the chain. */
  async setWeights(hotkey: string, weights: ReadonlyMap<string, number>): Promise<void> {
    await this.change((state) => {
      const registered = [...weights].filter(([target]) => uidOf(state, target) !== undefined);
      state.weights.push({
        block: this.clock.latest().number,
        hotkey,
        weights: Object.fromEntries(registered),
      });
      const own = state.weights.filter((set) => set.hotkey === hotkey);
      const forgotten = new Set(own.slice(0, Math.max(0, own.length - keptWeights)));
      state.weights = state.weights.filter((set) => !forgotten.has(set));
    });
  }

  /** Who signs under which name; without the tokens. */
  identities(): Record<string, { hotkey: string }> {
    return Object.fromEntries(
      Object.entries(this.state.identities).map(([name, { hotkey }]) => [name, { hotkey }]),
    );
  }

  /** The hotkey that signs under a name; undefined when there is no such name. */
  signer(name: string): string | undefined {
    return entry(this.state.identities, name)?.hotkey;
  }

  async setIdentity(name: string, hotkey: string, token: string): Promise<void> {
    await this.change((state) => {
      state.identities[name] = { hotkey, tokenHash: sha256(token).toString('hex') };
    });
  }

  isToken(name: string, token: string): boolean {
    const known = entry(this.state.identities, name);
    return known !== undefined && timingSafeEqual(sha256(token), Buffer.from(known.tokenHash, 'hex'));
  }

  /** One change after another, each on a copy that counts once it is written. */
  private change<T>(apply: (draft: DevnetState) => T): Promise<T> {
    const changed = this.changes.then(async () => {
      const draft = structuredClone(this.state);
      const result = apply(draft);
      await this.file.write(draft);
      this.state = draft;
      return result;
    });
    this.changes = changed.catch(() => undefined);
    return changed;
  }
}

/**
 * Goes on with the chain in the file, or begins one.
 *
 * @param blockTime @unit seconds
 * @throws Error when the file cannot be read or written
 */
export async function openLedger(
  settings: { stateFile: string; blockTime: number },
  now: () => number = Date.now,
): Promise<Ledger> {
  const file = new StateFile(settings.stateFile);
  const blockTime = settings.blockTime * 1000;
  const state = (await file.read()) ?? newState(now(), blockTime);
  state.clock = changeBlockTime(state.clock, blockTime, now());
  await file.write(state);
  return new Ledger(state, file, now);
}

function neuronsAt(state: DevnetState, block: number): LedgerNeuron[] {
  const found: LedgerNeuron[] = [];
  for (const [hotkey, changes] of Object.entries(state.neurons)) {
    const index = changes.findLastIndex((candidate) => candidate.block <= block);
    const neuron = changes[index]?.neuron;
    if (!neuron) continue;
    const weights = state.weights.findLast((set) => set.hotkey === hotkey && set.block <= block);
    const registered = changes[changes.findLastIndex((change, i) => i < index && !change.neuron) + 1]!.block;
    found.push({ hotkey, ...neuron, last_update: Math.max(registered, weights?.block ?? 0) });
  }
  return found.toSorted((a, b) => a.uid - b.uid);
}

function uidOf(state: DevnetState, hotkey: string): number | undefined {
  return entry(state.neurons, hotkey)?.at(-1)?.neuron?.uid;
}

function lowestFreeUid(state: DevnetState): number {
  const taken = new Set(Object.keys(state.neurons).map((hotkey) => uidOf(state, hotkey)));
  let uid = 0;
  while (taken.has(uid)) uid++;
  return uid;
}

/** What is registered already as it should be stays as it is: a repeated registration changes nothing. */
function setNeuron(
  state: DevnetState,
  hotkey: string,
  block: number,
  neuron: (Participant & { uid: number }) | null,
): void {
  const changes = entry(state.neurons, hotkey) ?? [];
  const present = changes.at(-1);
  if (neuron && present?.neuron && same(present.neuron, neuron)) return;
  if (present?.block === block) changes.pop();
  changes.push({ block, neuron });
  state.neurons[hotkey] = changes;
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

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
