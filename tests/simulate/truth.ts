import type { Cycle } from '@horde/chain';
import type { Account } from '../../apps/validator/src/allowance/manifests.ts';
import type { FinishedWork } from './jobs.ts';
import type { Offers } from './offers.ts';
import type { SimulatedChain } from './simulated-chain.ts';

/** A job as receipts tell of it, by one validator and one miner. */
type JobKey = Pick<FinishedWork, 'uuid' | 'validatorHotkey' | 'minerHotkey'>;
export const jobKey = ({ uuid, validatorHotkey, minerHotkey }: JobKey): string =>
  `${uuid} ${validatorHotkey} ${minerHotkey}`;

/** A block that a job lists, and why it may not count. */
interface ListedBlock {
  block: number;
  /** @unit executor-seconds */
  worth: number;
  /** What it gives all validators together. @unit executor-seconds */
  offered: number;
  isInWindow: boolean;
  isLost: boolean;
}

/** A job whose last receipt is of the cycle, with the block it began in. */
export interface JudgedWork extends FinishedWork {
  began: number;
  /** Without those that give nothing; oldest first. */
  listed: ListedBlock[];
}

/** ComputeHorde's numbers. @unit blocks */
const expiry = 722;
const leeway = 15;

/** What has happened, and what it is worth: reckoned anew from the chain, without the validator's rules. */
export class Truth {
  /** Receipts that are genuine, by job and kind: what is to be kept of them. */
  readonly genuine = new Set<string>();
  private readonly started = new Map<string, FinishedWork>();
  private readonly finished = new Map<string, FinishedWork>();

  constructor(
    private readonly chain: SimulatedChain,
    private readonly offers: Offers,
  ) {}

  /** A genuine receipt can be seen. Of two that differ the earlier one counts. */
  shown(kind: 'started' | 'accepted' | 'finished', work: FinishedWork): void {
    const key = jobKey(work);
    this.genuine.add(`${kind} ${key}`);
    if (kind === 'accepted') return;
    const [all, time] =
      kind === 'started' ? [this.started, 'startedAt' as const] : [this.finished, 'finishedAt' as const];
    const known = all.get(key);
    if (!known || work[time] < known[time]) all.set(key, work);
  }

  /** The jobs that ended in a cycle, in the order in which they are judged. */
  endedIn({ start, end }: Cycle): JudgedWork[] {
    const [from, to] = [this.chain.timeOf(Math.max(0, start)), this.chain.timeOf(end)];
    return [...this.finished.values()]
      .filter(({ finishedAt }) => finishedAt >= from && finishedAt < to)
      .flatMap((work) => {
        const { startedAt, executorClass } = this.started.get(jobKey(work)) ?? {};
        return startedAt === undefined ? [] : [{ ...work, startedAt, executorClass: executorClass! }];
      })
      .toSorted((a, b) => a.finishedAt - b.finishedAt || (jobKey(a) < jobKey(b) ? -1 : 1))
      .map((work) => this.judged(work));
  }

  /** Those of them that are to be paid. */
  paid(ended: readonly JudgedWork[]): JudgedWork[] {
    const spent = new Set<string>();
    return ended.filter((work) => {
      const kept = work.listed.filter(
        ({ block, isInWindow, isLost }) => isInWindow && !isLost && !spent.has(spentKey(work, block)),
      );
      if (sumOf(kept) < work.cost) return false;
      for (const { block } of kept) spent.add(spentKey(work, block));
      return true;
    });
  }

  private judged(work: FinishedWork): JudgedWork {
    const began = this.chain.blockAt(work.startedAt);
    const account = { minerHotkey: work.minerHotkey, executorClass: work.executorClass };
    const drops = this.offers.of(account).changes.filter(({ isDrop }) => isDrop);
    const listed = [...new Set(work.blocks)]
      .toSorted((a, b) => a - b)
      .map((block) => ({
        block,
        ...this.worth(account, work.validatorHotkey, block),
        isInWindow: block >= began - expiry - leeway && block <= began,
        isLost: drops.some((drop) => drop.block > block && drop.block <= began),
      }))
      .filter(({ worth }) => worth > 0);
    return { ...work, began, listed };
  }

  private worth(account: Account, validator: string, block: number): Pick<ListedBlock, 'worth' | 'offered'> {
    if (block < 0 || block >= this.chain.head) return { worth: 0, offered: 0 };
    const took = (this.chain.timeOf(block + 1) - this.chain.timeOf(block)) / 1000;
    const seconds = took > 12.5 ? 12 : took;
    const share = this.chain.shareOf(validator, block);
    const { changes } = this.offers.of(account);
    const executors = changes.findLast((change) => change.block <= block)?.count ?? 0;
    return { worth: executors * share * seconds * 1, offered: executors * seconds };
  }
}

export const sumOf = (blocks: readonly Pick<ListedBlock, 'worth'>[]): number =>
  blocks.reduce((sum, { worth }) => sum + worth, 0);

export const spentKey = (
  {
    validatorHotkey,
    minerHotkey,
    executorClass,
  }: Pick<FinishedWork, 'validatorHotkey' | 'minerHotkey' | 'executorClass'>,
  block: number,
): string => `${validatorHotkey} ${minerHotkey} ${executorClass} ${block}`;
