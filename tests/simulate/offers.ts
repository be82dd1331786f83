import { ExecutorClass, type Manifest } from '@horde/protocol';
import {
  accountKey,
  Offer,
  type Account,
  type ManifestChange,
} from '../../apps/validator/src/allowance/manifests.ts';
import { finality } from '../../apps/validator/src/allowance/rules.ts';
import type { Chance } from './chance.ts';
import type { SimulatedMiner, SimulatedNetwork } from './network.ts';

/** As ComputeHorde has it by default. */
const limits = new Map<ExecutorClass, number>([['always_on.llm.a6000', 2]]);

/** What miners offer, as it ought to be kept: reckoned anew, not with the validator's code. */
export class Offers {
  private readonly changes = new Map<string, ManifestChange[]>();
  private readonly misses = new Map<string, number>();
  /** How often in a row a miner is still going to be silent. */
  private readonly silences = new Map<SimulatedMiner, number>();
  private round = 0;

  constructor(
    private readonly network: SimulatedNetwork,
    private readonly chance: Chance,
  ) {}

  /** What a miner answers when it is asked now; null: nothing. */
  answer(miner: SimulatedMiner): Manifest | null {
    return (this.silences.get(miner) ?? 0) > 0 ? null : new Map(miner.executors);
  }

  /** Before miners are asked again: some have fewer executors, some more, some fall silent. */
  change(): void {
    this.round++;
    const { miners } = this.network;
    for (const [miner, left] of this.silences) this.silences.set(miner, left - 1);
    if (this.round < 3) return;
    for (let n = 0; n < Math.ceil(miners.length / 64); n++) {
      const miner = this.chance.pick(miners)!;
      const executorClass = this.chance.pick([...miner.executors.keys()])!;
      const count = miner.executors.get(executorClass)!;
      miner.executors.set(executorClass, this.round % 2 === 0 ? Math.max(1, count - 1) : count + 1);
      const silent = this.chance.pick(miners)!;
      if ((this.silences.get(silent) ?? 0) <= 0) this.silences.set(silent, this.round % 3 === 0 ? 2 : 1);
    }
  }

  /** Miners have been asked. @param head the newest block then */
  asked(head: number): void {
    const block = Math.max(0, head - finality);
    const present = new Set(this.network.present);
    for (const miner of this.network.miners) {
      let answer = present.has(miner) ? this.answer(miner) : null;
      const misses = this.misses.get(miner.hotkey);
      if (answer) this.misses.set(miner.hotkey, 0);
      else {
        if (misses === undefined) continue;
        this.misses.set(miner.hotkey, misses + 1);
        if (misses + 1 < 2) continue;
        this.misses.delete(miner.hotkey);
        answer = new Map();
      }
      for (const executorClass of ExecutorClass) this.note(miner.hotkey, executorClass, answer, block);
    }
  }

  of(account: Account): Offer {
    return new Offer(this.changes.get(accountKey(account)) ?? []);
  }

  /** All changes there were, by `accountKey`. */
  get all(): ReadonlyMap<string, readonly ManifestChange[]> {
    return this.changes;
  }

  /** The accounts of a class that offer something now. */
  offering(executorClass: ExecutorClass): Account[] {
    return this.network.miners
      .map(({ hotkey }) => ({ minerHotkey: hotkey, executorClass }))
      .filter((account) => (this.changes.get(accountKey(account))?.at(-1)?.count ?? 0) > 0);
  }

  private note(minerHotkey: string, executorClass: ExecutorClass, answer: Manifest, block: number): void {
    const key = accountKey({ minerHotkey, executorClass });
    const changes = this.changes.get(key) ?? [];
    const said = answer.get(executorClass) ?? 0;
    const before = changes.at(-1)?.count ?? 0;
    const count = Math.min(said, limits.get(executorClass) ?? said);
    if (count === before) return;
    this.changes.set(key, [...changes, { block, count, isDrop: said < before }]);
  }
}
