import { ExecutorClass } from '@horde/protocol';
import { accountKey, type Account } from '../../apps/validator/src/allowance/manifests.ts';
import { allowanceOf, blockExpiry, finality } from '../../apps/validator/src/allowance/rules.ts';
import type { Chance } from './chance.ts';
import { finishedOf, forgedLine, lineOf, startedOf, type FinishedWork, type Job } from './jobs.ts';
import type { LightValidator } from './light-validator.ts';
import type { Party, SimulatedMiner, SimulatedNetwork } from './network.ts';
import type { Offers } from './offers.ts';
import type { SimulatedChain } from './simulated-chain.ts';

/** What dishonest validators and miners put on pages. */
const cheats = [
  'blocks of another job',
  'blocks newer than the job',
  'blocks that are too old',
  'blocks that a drop has taken',
  'too few blocks',
  'a forged signature',
  'a validator that is not registered',
  'another miner’s receipt',
  'a time in the future',
  'no receipt at all',
  'a score with a fraction',
  'another job’s uuid',
  'two ends of one job',
] as const;

export type Cheat = (typeof cheats)[number];

/** What cheats are made with. */
export interface CheatParts {
  chain: SimulatedChain;
  network: SimulatedNetwork;
  offers: Offers;
  chance: Chance;
  lights: readonly LightValidator[];
  /** Jobs that have ended and were paid, oldest first. */
  ended: readonly Job[];
  /** Puts a line on a miner's page; one that others are to keep comes with what it says. */
  show(
    miner: SimulatedMiner,
    line: string,
    genuine?: { kind: 'started' | 'finished'; work: FinishedWork },
  ): void;
  /** As `show`, so many blocks later. */
  showLater(blocks: number, show: () => void): void;
}

/** The most that a cheat asks for. @unit executor-seconds */
const most = 40;

/** A claim before it is signed. */
interface Claim {
  light: LightValidator;
  miner: SimulatedMiner;
  account: Account;
  blocks: number[];
  cost: number;
  /** The block in which the job is said to have begun. */
  began: number;
}

/** Makes receipts that are not to be paid, one kind after the other. */
export class Cheats {
  readonly made = new Map<Cheat, number>();
  private turn = 0;

  constructor(private readonly parts: CheatParts) {}

  /** Tries the next kind that is possible now. */
  cheat(): void {
    for (let tries = 0; tries < cheats.length; tries++) {
      const kind = cheats[this.turn++ % cheats.length]!;
      if (!this.make(kind)) continue;
      this.made.set(kind, (this.made.get(kind) ?? 0) + 1);
      return;
    }
  }

  /** @returns whether there was an opportunity */
  private make(kind: Cheat): boolean {
    const { chain, network, chance, ended, show } = this.parts;
    const head = chain.head;
    const now = head - finality;
    const light = chance.pick(this.parts.lights.filter(({ validator }) => validator.isDishonest))!;
    switch (kind) {
      case 'blocks of another job': {
        const other = chance.pick(ended.slice(-500).filter(({ validator }) => validator === light.validator));
        if (!other) return false;
        const account = { minerHotkey: other.miner.hotkey, executorClass: other.executorClass };
        return this.claim({
          light,
          miner: other.miner,
          account,
          blocks: other.blocks,
          cost: other.cost,
          began: head,
        });
      }
      case 'blocks newer than the job':
        return this.claim(this.found(light, now - 45, now - 1, (began) => began - 5, now - 50));
      case 'blocks that are too old':
        return this.claim(this.found(light, now - 850, head - blockExpiry - 20, () => head));
      case 'blocks that a drop has taken':
        return this.claim(this.taken(light, head));
      case 'too few blocks': {
        const claim = this.found(light, now - 100, now - 1, () => head);
        return this.claim(claim && { ...claim, cost: claim.cost * 2 + 5 });
      }
      case 'a forged signature': {
        const victim =
          chance.pick(this.parts.lights.filter(({ validator }) => !validator.isDishonest)) ?? light;
        return this.claim(
          this.found(victim, now - 100, now - 1, () => head),
          { isForged: true },
        );
      }
      case 'a validator that is not registered':
        return this.claim(
          this.found(light, now - 100, now - 1, () => head),
          { as: network.outsider },
        );
      case 'another miner’s receipt': {
        const [job, miner] = [chance.pick(ended.slice(-500)), chance.pick(network.present)!];
        if (!job || job.miner === miner) return false;
        show(miner, lineOf(startedOf(job), job));
        return true;
      }
      case 'a time in the future':
        return this.claim(
          this.found(light, now - 100, now - 1, () => head),
          { ahead: 7_200_000 },
        );
      case 'no receipt at all':
        show(chance.pick(network.present)!, chance.pick(['no receipt', '{"payload":{}}', '[]', '\u0000'])!);
        return true;
      case 'a score with a fraction':
        return this.claim(
          this.found(light, now - 100, now - 1, () => head),
          { fraction: true },
        );
      case 'another job’s uuid': {
        const [job, miner] = [chance.pick(ended.slice(-500)), chance.pick(network.present)!];
        if (!job || (job.miner === miner && job.validator === light.validator)) return false;
        const account = { minerHotkey: miner.hotkey, executorClass: job.executorClass };
        return this.claim({ light, miner, account, blocks: [], cost: 100, began: head }, { uuid: job.uuid });
      }
      case 'two ends of one job':
        return this.claim(
          this.found(light, now - 100, now - 1, () => head),
          { isTwofold: true },
        );
    }
  }

  /** Signs and shows what was found; null: there was nothing. */
  private claim(
    claim: Claim | null,
    {
      isForged = false,
      isTwofold = false,
      fraction = false,
      ahead = 0,
      as = null,
      uuid = this.parts.chance.uuid(),
    }: Partial<Record<'isForged' | 'isTwofold' | 'fraction', boolean>> & {
      ahead?: number;
      as?: Party | null;
      uuid?: string;
    } = {},
  ): boolean {
    if (!claim) return false;
    const { chain, show, showLater } = this.parts;
    const { light, miner, account, blocks, cost, began } = claim;
    const signers = { validator: as ?? light.validator, miner };
    const startedAt = chain.timeOf(began) + 100 + ahead;
    const work: FinishedWork = {
      uuid,
      validatorHotkey: signers.validator.hotkey,
      minerHotkey: miner.hotkey,
      executorClass: account.executorClass,
      startedAt,
      finishedAt: chain.now + 200 + ahead,
      // No blocks pay for a score that has a fraction.
      cost: fraction ? Infinity : cost,
      blocks,
    };
    const begun = { uuid, startedAt, executorClass: account.executorClass, ...signers };
    const started = startedOf(begun);
    const finished = finishedOf(begun, work, fraction ? `${cost}.5` : undefined);
    const isKept = !isForged && !as && ahead === 0;
    const sign = (payload: typeof started | typeof finished) =>
      isForged ? forgedLine(payload, miner) : lineOf(payload, signers);
    show(miner, sign(started), isKept ? { kind: 'started', work } : undefined);
    if (isTwofold) {
      const later = { ...work, finishedAt: work.finishedAt + 1_000, cost: cost - 1 };
      show(miner, sign(finishedOf(begun, later)), { kind: 'finished', work: later });
      showLater(30, () => show(miner, sign(finished), { kind: 'finished', work }));
    } else show(miner, sign(finished), isKept ? { kind: 'finished', work } : undefined);
    return true;
  }

  /**
   * Blocks of some miner that a validator has not booked: from now on it does not book them, so that what becomes of the
   * claim is due to its own fault.
   *
   * @param beganAt given the first block
   */
  private found(
    light: LightValidator,
    from: number,
    to: number,
    beganAt: (first: number) => number,
    least = 0,
  ): Claim | null {
    const { chance, network, offers } = this.parts;
    if (from < Math.max(0, least)) return null;
    const miner = chance.pick(network.present)!;
    const executorClass = chance.pick(
      ExecutorClass.filter(
        (one) => offers.of({ minerHotkey: miner.hotkey, executorClass: one }).count(to) > 0,
      ),
    );
    if (!executorClass) return null;
    const account = { minerHotkey: miner.hotkey, executorClass };
    if (offers.of(account).lastDrop !== null && offers.of(account).lastDrop! > from) return null;
    return this.gather(light, miner, account, from, to, beganAt);
  }

  private taken(light: LightValidator, head: number): Claim | null {
    const { chance, network, offers } = this.parts;
    const lost = [...offers.all].filter(([, changes]) =>
      changes.some(({ isDrop, block }) => isDrop && block > 30 && block > head - 500),
    );
    const [key] = chance.pick(lost) ?? [];
    const account = ExecutorClass.flatMap((executorClass) =>
      network.present.map((miner) => ({ miner, account: { minerHotkey: miner.hotkey, executorClass } })),
    ).find((each) => accountKey(each.account) === key);
    if (!account) return null;
    const drop = offers.of(account.account).lastDrop!;
    if (head - drop < finality) return null;
    return this.gather(light, account.miner, account.account, Math.max(0, drop - 60), drop - 1, () => head);
  }

  private gather(
    light: LightValidator,
    miner: SimulatedMiner,
    account: Account,
    from: number,
    to: number,
    beganAt: (first: number) => number,
  ): Claim | null {
    const known = this.parts.chain.blocks(from, to + 1);
    const offer = this.parts.offers.of(account);
    const blocks: number[] = [];
    let sum = 0;
    for (let block = from; block <= to && sum < most; block++) {
      const share = known.get(block)?.shares.get(light.validator.hotkey) ?? 0;
      const worth = allowanceOf(offer.count(block), share, known.duration(block) ?? 0, 1);
      if (worth <= 0 || !light.isFree(account, block)) continue;
      blocks.push(block);
      sum += worth;
    }
    if (sum < 3) return null;
    light.take(account, blocks);
    return { light, miner, account, blocks, cost: Math.floor(sum), began: Math.max(0, beganAt(blocks[0]!)) };
  }
}
