import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { BlockClock } from '../blocks/block-clock.ts';
import { revealBlock } from '../blocks/epochs.ts';
import { apply, type Change } from './changes.ts';
import type { Log } from './log.ts';
import { neuronChange, neuronsAt, uidOf, type LedgerNeuron } from './neurons.ts';
import {
  entry,
  newState,
  readState,
  type Certificate,
  type DevnetState,
  type Hyperparameters,
  type Participant,
  type WeightsSet,
} from './state.ts';

/** What the chain knows. A change is answered when it is kept; if it cannot be kept, it did not happen. */
export class Ledger {
  readonly clock: BlockClock;
  private changes: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly state: DevnetState,
    private readonly log: Log,
    private readonly netuid: number,
    now: () => number,
  ) {
    this.clock = new BlockClock(state.genesis, () => state.clock, now);
  }

  /** Everybody who was registered at the end of a block, by uid. */
  neurons(block: number): LedgerNeuron[] {
    return neuronsAt(this.state, block);
  }

  /** Registers hotkeys under the lowest free uids, or changes what is registered: all in one block. */
  async register(participants: ReadonlyMap<string, Participant>): Promise<LedgerNeuron[]> {
    return this.change((state, block) => {
      const taken = new Set(Object.keys(state.neurons).map((hotkey) => uidOf(state, hotkey)));
      const changes: Change[] = [];
      let free = 0;
      for (const [hotkey, participant] of participants) {
        while (taken.has(free)) free++;
        const uid = uidOf(state, hotkey) ?? free;
        taken.add(uid);
        changes.push(...neuronChange(state, hotkey, block, { ...participant, uid }));
      }
      const result = () => neuronsAt(state, block).filter(({ hotkey }) => participants.has(hotkey));
      return { changes, result };
    });
  }

  /** Writes where a hotkey can be reached. Returns whether it is registered. */
  async announce(hotkey: string, axon: Participant['axon']): Promise<boolean> {
    return this.change((state, block) => {
      const present = entry(state.neurons, hotkey)?.at(-1)?.neuron;
      const changes = present ? neuronChange(state, hotkey, block, { ...present, axon }) : [];
      return { changes, result: () => Boolean(present) };
    });
  }

  /** Its commitment goes with it; its past stays. Returns whether it was registered. */
  async remove(hotkey: string): Promise<boolean> {
    return this.change((state, block) => {
      if (uidOf(state, hotkey) === undefined) return { changes: [], result: () => false };
      const changes: Change[] = [{ kind: 'neuron', hotkey, block, neuron: null }];
      if (this.commitment(hotkey)) changes.push({ kind: 'commitment', hotkey, block, hex: null });
      return { changes, result: () => true };
    });
  }

  isRegistered(hotkey: string): boolean {
    return uidOf(this.state, hotkey) !== undefined;
  }

  /** By hotkey, hex with 0x, and the block at which it was set. */
  commitments(): Record<string, { block: number; hex: string }> {
    const all = Object.keys(this.state.commitments).map(
      (hotkey) => [hotkey, this.commitment(hotkey)] as const,
    );
    return Object.fromEntries(all.flatMap(([hotkey, found]) => (found ? [[hotkey, found]] : [])));
  }

  commitment(hotkey: string): { block: number; hex: string } | undefined {
    const last = entry(this.state.commitments, hotkey)?.at(-1);
    return last && last.hex !== null ? { block: last.block, hex: last.hex } : undefined;
  }

  async commit(hotkey: string, data: Uint8Array): Promise<void> {
    const hex = `0x${Buffer.from(data).toString('hex')}`;
    await this.change((_, block) => ({ changes: [{ kind: 'commitment', hotkey, block, hex }] }));
  }

  /** The weights that everybody sees, oldest first; of each hotkey the last hundred. */
  weights(): (WeightsSet & { hotkey: string })[] {
    const { number } = this.clock.latest();
    return this.allWeights().filter(({ revealed }) => revealed <= number);
  }

  /** Weights that were handed in and are not to be seen yet, without what they are. */
  sealedWeights(): { hotkey: string; block: number; revealed: number }[] {
    const { number } = this.clock.latest();
    return this.allWeights()
      .filter(({ revealed }) => revealed > number)
      .map(({ hotkey, block, revealed }) => ({ hotkey, block, revealed }));
  }

  /** Those for hotkeys that are not registered are dropped, as on the chain. */
  async setWeights(hotkey: string, weights: ReadonlyMap<string, number>): Promise<void> {
    await this.change((state, block) => {
      const registered = [...weights].filter(([target]) => uidOf(state, target) !== undefined);
      const { commit_reveal_enabled, commit_reveal_period, tempo } = state.hyperparameters;
      const revealed = commit_reveal_enabled
        ? revealBlock(block, this.netuid, tempo, commit_reveal_period)
        : block;
      return {
        changes: [{ kind: 'weights', hotkey, block, revealed, weights: Object.fromEntries(registered) }],
      };
    });
  }

  /** By hotkey. */
  get certificates(): Readonly<Record<string, Certificate>> {
    return this.state.certificates;
  }

  certificate(hotkey: string): Certificate | undefined {
    return entry(this.state.certificates, hotkey);
  }

  async setCertificate(hotkey: string, certificate: Certificate): Promise<void> {
    await this.change(() => ({ changes: [{ kind: 'certificate', hotkey, ...certificate }] }));
  }

  get hyperparameters(): Hyperparameters {
    return this.state.hyperparameters;
  }

  async setHyperparameters(changed: Partial<Hyperparameters>): Promise<void> {
    await this.change((state) => ({
      changes: [{ kind: 'hyperparameters', ...state.hyperparameters, ...changed }],
    }));
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
    const tokenHash = sha256(token).toString('hex');
    await this.change(() => ({ changes: [{ kind: 'identity', name, hotkey, tokenHash }] }));
  }

  isToken(name: string, token: string): boolean {
    const known = entry(this.state.identities, name);
    return known !== undefined && timingSafeEqual(sha256(token), Buffer.from(known.tokenHash, 'hex'));
  }

  /** Makes blocks at once. @param durations of each, ms; at least one */
  async advance(durations: number[]): Promise<void> {
    await this.change(() => ({ changes: [{ kind: 'clock', ...this.clock.advanced(durations) }] }));
  }

  /** From now on a block every so often; null: by command only. @param blockTime ms @param variation a part of it */
  async pace(blockTime: number | null, variation: number): Promise<void> {
    await this.change(() => ({ changes: [{ kind: 'clock', ...this.clock.paced(blockTime, variation) }] }));
  }

  /**
   * Replaces the newest blocks by as many others.
   *
   * @param depth how many, at least one
   * @param loses whether what happened in them is lost; else it happened in the new ones, too
   * @param salt another one makes other blocks @default one by chance
   */
  async reorganise(
    depth: number,
    loses: boolean,
    salt: string = randomBytes(8).toString('hex'),
  ): Promise<void> {
    await this.change((_, newest) => {
      const block = Math.max(0, newest - depth + 1);
      return { changes: [{ kind: 'reorg', block, salt, loses }] };
    });
  }

  /** When the last change is kept. */
  async close(): Promise<void> {
    await this.changes;
    await this.log.close();
  }

  private allWeights(): (WeightsSet & { hotkey: string })[] {
    return Object.entries(this.state.weights)
      .flatMap(([hotkey, sets]) => sets.map((set) => ({ hotkey, ...set })))
      .toSorted((a, b) => a.block - b.block);
  }

  /** One after another; what is planned happens once it is kept. */
  private change<T = void>(
    plan: (state: DevnetState, block: number) => { changes: Change[]; result?: () => T },
  ): Promise<T> {
    const changed = this.changes.then(async () => {
      const { changes, result } = plan(this.state, this.clock.latest().number);
      if (changes.length > 0) await this.log.append(changes);
      for (const change of changes) apply(this.state, change);
      return result?.() as T;
    });
    this.changes = changed.catch(() => undefined);
    return changed;
  }
}

/**
 * Goes on with the chain that is kept, or begins one.
 *
 * @param blockTime @unit seconds
 * @throws Error when it cannot be read or kept
 */
export async function openLedger(
  log: Log,
  settings: { blockTime: number; netuid: number },
  now: () => number = Date.now,
): Promise<Ledger> {
  const blockTime = settings.blockTime * 1000;
  const state = (await read(log)) ?? newState(now(), blockTime);
  if (state.blockTimeSetting !== blockTime) {
    const clock = new BlockClock(state.genesis, () => state.clock, now);
    apply(state, { kind: 'clock', ...clock.paced(blockTime, 0) });
    state.blockTimeSetting = blockTime;
  }
  await log.replace(state);
  return new Ledger(state, log, settings.netuid, now);
}

async function read(log: Log): Promise<DevnetState | null> {
  const kept = await log.read();
  if (!kept) return null;
  const [whole, ...changes] = kept;
  const state = readState(whole);
  if (!state) throw new Error(`${log.name} is not a devnet's state. ${log.remedy}`);
  for (const change of changes) apply(state, change as Change);
  return state;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
