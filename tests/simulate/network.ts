import { createHash } from 'node:crypto';
import { Keypair } from '@horde/identity';
import { ExecutorClass } from '@horde/protocol';
import type { Participant } from '../../apps/devnet/src/ledger/state.ts';
import type { Chance } from './chance.ts';
import type { SimulationOptions } from './options.ts';
import type { SimulatedChain } from './simulated-chain.ts';

/** Somebody who signs. */
export interface Party {
  keypair: Keypair;
  hotkey: string;
}

export interface SimulatedMiner extends Party {
  coldkey: string;
  axon: { ip: string; port: number };
  /** How many executors of each class it has now. */
  executors: Map<ExecutorClass, number>;
}

export interface SimulatedValidator extends Party {
  stake: number;
  /** It makes receipts that are not to be paid, beside good ones. */
  isDishonest: boolean;
}

/** Miners that belong together share a coldkey. */
const hotkeysOfColdkey = 3;
/** So many of the validators are dishonest, at least one. */
const dishonest = 0.2;

/** Who takes part. */
export class SimulatedNetwork {
  readonly miners: SimulatedMiner[];
  readonly validators: SimulatedValidator[];
  /** It signs receipts, and is not registered. */
  readonly outsider: Party;
  private gone = new Set<SimulatedMiner>();

  constructor(
    { miners, validators, seed }: SimulationOptions,
    private readonly chance: Chance,
  ) {
    const party = (name: string): Party => {
      const keypair = Keypair.fromSeed(createHash('sha256').update(`${seed} ${name}`).digest());
      return { keypair, hotkey: keypair.address };
    };
    this.outsider = party('outsider');
    const honest = validators - Math.max(1, Math.floor(validators * dishonest));
    this.validators = Array.from({ length: validators }, (_, at) => ({
      ...party(`validator ${at}`),
      stake: Math.round(chance.between(300_000, 900_000)),
      isDishonest: at >= honest,
    }));
    this.miners = Array.from({ length: miners }, (_, at) => ({
      ...party(`miner ${at}`),
      coldkey: party(`coldkey ${Math.floor(at / hotkeysOfColdkey)}`).hotkey,
      axon: { ip: `10.0.${at >> 8}.${at & 255}`, port: 8_000 },
      executors: new Map(
        chance
          .shuffled(ExecutorClass)
          .slice(0, 2)
          .map((executorClass) => [executorClass, chance.whole(1, 4)]),
      ),
    }));
  }

  /** Those that are registered. */
  get present(): SimulatedMiner[] {
    return this.miners.filter((miner) => !this.gone.has(miner));
  }

  async register({ ledger }: SimulatedChain): Promise<void> {
    const common = { axon: null, validator_permit: false, stake: 0 };
    await ledger.register(
      new Map<string, Participant>([
        ...this.validators.map(
          ({ hotkey, stake }) =>
            [hotkey, { ...common, coldkey: hotkey, stake, validator_permit: true }] as const,
        ),
        ...this.miners.map(({ hotkey, coldkey, axon }) => [hotkey, { ...common, coldkey, axon }] as const),
      ]),
    );
  }

  /** A validator's stake changes. */
  async changeStake({ ledger }: SimulatedChain): Promise<void> {
    const validator = this.chance.pick(this.validators)!;
    validator.stake = Math.round(validator.stake * this.chance.between(0.9, 1.1));
    const { hotkey, stake } = validator;
    await ledger.register(
      new Map([[hotkey, { coldkey: hotkey, stake, validator_permit: true, axon: null }]]),
    );
  }

  /** A miner leaves the subnet. */
  async leave({ ledger }: SimulatedChain): Promise<void> {
    const miner = this.chance.pick(this.present)!;
    this.gone.add(miner);
    await ledger.remove(miner.hotkey);
  }

  /** Which of a coldkey's hotkeys its miners name as the main one: another one in each cycle. */
  mainHotkey(coldkey: string, block: number): string {
    const those = this.miners.filter((miner) => miner.coldkey === coldkey);
    return those[Math.floor(block / 700) % those.length]!.hotkey;
  }
}
