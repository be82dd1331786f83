import type { Block, Chain, Hyperparameters, Neuron } from '@horde/chain';
import { ChainError } from '@horde/chain';
import { openLedger, type Ledger } from '../../apps/devnet/src/ledger/ledger.ts';
import type { Log } from '../../apps/devnet/src/ledger/log.ts';
import type { LedgerNeuron } from '../../apps/devnet/src/ledger/neurons.ts';
import { Blocks, type KnownBlock } from '../../apps/validator/src/allowance/blocks.ts';
import { stakeShares } from '../../apps/validator/src/allowance/rules.ts';

/** When the chain begins. @unit ms since 1970 */
const genesis = Date.UTC(2026, 0, 1);
/** @unit ms */
const blockTime = 12_000;
/** By how much of that a block may be late: some take longer than is counted for a block. */
const variation = 0.4;

/** Keeps nothing: a simulation begins anew. */
const forgetfulLog: Log = {
  name: 'nothing',
  remedy: '',
  read: () => Promise.resolve(null),
  replace: () => Promise.resolve(),
  append: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** The devnet's ledger and clock, asked without HTTP. Its blocks are made by command, and time is theirs. */
export class SimulatedChain implements Chain {
  /** The newest block's number. */
  head = 0;
  private known: KnownBlock[] = [];
  private times: number[] = [];
  private last: { from: number; to: number; blocks: Blocks } | null = null;

  private constructor(
    readonly ledger: Ledger,
    private readonly time: { now: number },
  ) {}

  static async begin(netuid: number): Promise<SimulatedChain> {
    const time = { now: genesis };
    const ledger = await openLedger(forgetfulLog, { blockTime: blockTime / 1000, netuid }, () => time.now);
    await ledger.pace(blockTime, variation);
    return new SimulatedChain(ledger, time);
  }

  /** What time it is. @unit ms since 1970 */
  get now(): number {
    return this.time.now;
  }

  makeBlock(): void {
    this.time.now = Math.max(this.time.now, this.timeOf(this.head + 1));
    this.head = this.ledger.clock.latest().number;
  }

  /** Replaces the newest blocks by as many others. */
  async reorganise(depth: number, salt: string): Promise<void> {
    await this.ledger.reorganise(depth, false, salt);
    this.known.length = Math.min(this.known.length, this.head - depth + 1);
    this.times.length = Math.min(this.times.length, this.head - depth + 1);
    this.last = null;
  }

  /** @unit ms since 1970 */
  timeOf(block: number): number {
    for (let number = this.times.length; number <= block; number++)
      this.times.push(this.ledger.clock.time(number));
    return this.times[block]!;
  }

  /** Everything about the blocks of a range, both ends included, as allowance is reckoned from it. */
  blocks(from: number, to: number): Blocks {
    if (this.last?.from === from && this.last.to === to) return this.last.blocks;
    for (let number = this.known.length; number <= to; number++) {
      const shares = stakeShares(this.validatorsAt(number));
      this.known.push({ number, at: this.timeOf(number), multiplier: 1, shares });
    }
    this.last = { from, to, blocks: new Blocks(this.known.slice(Math.max(0, from), to + 1)) };
    return this.last.blocks;
  }

  /** What a validator has of all stake at a block. */
  shareOf(validator: string, block: number): number {
    if (block >= this.known.length) this.blocks(block, block);
    return this.known[block]!.shares.get(validator) ?? 0;
  }

  /** The newest block that was there at a time. @param time ms since 1970 */
  blockAt(time: number): number {
    let [low, high] = [0, this.head];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.timeOf(middle) <= time) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  latestBlock(): Promise<Block> {
    return Promise.resolve(this.ledger.clock.latest());
  }

  async blockTime(block: number): Promise<number> {
    return this.timeOf(this.existing(block).number);
  }

  async neurons(block = this.head): Promise<{ block: Block; neurons: Neuron[] }> {
    return { block: this.existing(block), neurons: this.ledger.neurons(block).map(neuronOf) };
  }

  async validators(block = this.head): Promise<{ block: Block; validators: Neuron[] }> {
    return { block: this.existing(block), validators: this.validatorsAt(block) };
  }

  commitment(): Promise<null> {
    return Promise.resolve(null);
  }

  async commitments(): Promise<{ block: Block; commitments: Map<string, string> }> {
    return { block: await this.latestBlock(), commitments: new Map() };
  }

  hyperparameters(): Promise<Hyperparameters> {
    const { tempo, min_allowed_weights, max_weight_limit, commit_reveal_enabled } =
      this.ledger.hyperparameters;
    return Promise.resolve({
      tempo,
      minAllowedWeights: min_allowed_weights,
      maxWeightLimit: max_weight_limit,
      commitRevealEnabled: commit_reveal_enabled,
    });
  }

  private validatorsAt(block: number): Neuron[] {
    const permitted = this.ledger.neurons(block).filter(({ validator_permit }) => validator_permit);
    return permitted.map(neuronOf).toSorted((a, b) => b.totalStake - a.totalStake || a.uid - b.uid);
  }

  private existing(block: number): Block {
    const found = this.ledger.clock.at(block);
    if (!found) throw new ChainError('absent', `There is no block ${block}.`);
    return found;
  }
}

const neuronOf = ({ axon, stake, validator_permit, last_update, ...neuron }: LedgerNeuron): Neuron => ({
  uid: neuron.uid,
  hotkey: neuron.hotkey,
  coldkey: neuron.coldkey,
  address: axon,
  totalStake: stake,
  validatorPermit: validator_permit,
  lastUpdate: last_update,
  incentive: null,
  emission: null,
});
