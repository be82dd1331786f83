import { ExecutorClass } from '@horde/protocol';
import { Bookings } from './bookings.ts';
import type { Chance } from './chance.ts';
import type { Findings } from './findings.ts';
import type { FullValidator } from './full-validator.ts';
import { acceptedOf, accountOf, finishedOf, lineOf, startedOf, type FinishedWork, type Job } from './jobs.ts';
import type { LightValidator } from './light-validator.ts';
import type { SimulatedMiner, SimulatedNetwork, SimulatedValidator } from './network.ts';
import type { Offers } from './offers.ts';
import type { SimulatedChain } from './simulated-chain.ts';

/** What jobs are made and run with. */
export interface WorkParts {
  chain: SimulatedChain;
  network: SimulatedNetwork;
  offers: Offers;
  chance: Chance;
  fulls: readonly FullValidator[];
  lights: readonly LightValidator[];
  findings: Findings;
  /** Puts a line on a miner's page, which others are to keep. */
  show(
    miner: SimulatedMiner,
    line: string,
    genuine: { kind: 'started' | 'accepted' | 'finished'; work: FinishedWork },
  ): void;
}

/** Jobs: booked by their validator, answered and run by their miner, finished when their time has come. */
export class Work {
  /** Those that have ended and cost something, oldest first. */
  readonly ended: (Job & { used: number })[] = [];
  /** Lines that miners show when their cycle has been scored. */
  private readonly withheld: (() => void)[] = [];
  private readonly running = new Set<Job>();
  private readonly bookings: Bookings;
  accepted = 0;
  declined = 0;

  constructor(private readonly parts: WorkParts) {
    this.bookings = new Bookings(parts.findings);
  }

  /** Tries to begin one job. @returns whether a miner has accepted it */
  async begin(): Promise<boolean> {
    const { network, chance, chain } = this.parts;
    const validator = chance.weighted(network.validators, ({ stake }) => stake);
    const job: Job = {
      uuid: chance.uuid(),
      validator,
      miner: network.miners[0]!,
      executorClass: chance.pick(ExecutorClass)!,
      cost: chance.whole(10, 120),
      blocks: [],
      booking: null,
      startedAt: chain.now + chance.whole(0, 3_000) + chance.whole(0, 999) / 1_000,
      endsAt: 0,
      end: chance.happens(0.9) ? 'done' : chance.happens(0.5) ? 'failed' : 'cancelled',
      isLate: false,
    };
    job.endsAt = job.startedAt + Math.round(job.cost * chance.between(0.3, 1) * 1_000);
    if (!(await this.book(job))) return false;
    this.bookings.add(job);
    const isAccepted = this.isFree(job) && chance.happens(0.98);
    await this.fullOf(validator)?.answered(job, isAccepted);
    if (isAccepted) this.accept(job);
    else this.decline(job);
    return isAccepted;
  }

  /** Finishes the jobs whose time has come. */
  async finishDue(): Promise<void> {
    const due = [...this.running].filter(({ endsAt }) => endsAt <= this.parts.chain.now);
    for (const job of due.toSorted((a, b) => a.endsAt - b.endsAt)) await this.finish(job);
  }

  /** Miners show what they have withheld. */
  showWithheld(): void {
    for (const show of this.withheld.splice(0)) show();
  }

  private async book(job: Job): Promise<boolean> {
    const { network, offers, chance, lights } = this.parts;
    const full = this.fullOf(job.validator);
    const hotkeys = full
      ? await full.candidates(job)
      : offers.offering(job.executorClass).map(({ minerHotkey }) => minerHotkey);
    for (let tries = 0; tries < 5; tries++) {
      const hotkey = chance.pick(hotkeys);
      if (hotkey === undefined) return false;
      job.miner = network.miners.find((miner) => miner.hotkey === hotkey)!;
      if (full) {
        if (await full.begin(job)) return true;
        continue;
      }
      const light = lights.find(({ validator }) => validator === job.validator)!;
      const blocks = light.book(accountOf(job), job.cost);
      if (!blocks) continue;
      job.blocks = blocks;
      return true;
    }
    return false;
  }

  /** Whether the miner has an executor left. */
  private isFree({ miner, executorClass }: Job): boolean {
    const busy = [...this.running].filter(
      (job) => job.miner === miner && job.executorClass === executorClass,
    );
    return (
      this.parts.network.present.includes(miner) && busy.length < (miner.executors.get(executorClass) ?? 0)
    );
  }

  private accept(job: Job): void {
    const { show, chance } = this.parts;
    this.accepted++;
    this.running.add(job);
    // What a validator has issued itself it has at once, whatever its miner shows.
    job.isLate = !this.fullOf(job.validator) && chance.happens(0.02);
    show(job.miner, lineOf(startedOf(job), job), { kind: 'started', work: workOf(job) });
    show(job.miner, lineOf(acceptedOf(job), job), { kind: 'accepted', work: workOf(job) });
  }

  private decline(job: Job): void {
    this.declined++;
    this.lightOf(job)?.release(accountOf(job), job.blocks);
    this.bookings.end(job);
  }

  private async finish(job: Job): Promise<void> {
    const { show } = this.parts;
    this.running.delete(job);
    const used = { done: job.cost, failed: 0, cancelled: Math.ceil(job.cost / 2) }[job.end];
    const blocks = await this.spend(job, used);
    this.bookings.end(job, blocks);
    const work = { ...workOf(job), finishedAt: job.endsAt, cost: used, blocks };
    const line = lineOf(finishedOf(job, work), job);
    const showEnd = () => show(job.miner, line, { kind: 'finished', work });
    if (job.isLate) this.withheld.push(showEnd);
    else showEnd();
    if (used > 0) this.ended.push({ ...job, blocks, used, cost: used });
  }

  private async spend(job: Job, used: number): Promise<number[]> {
    const light = this.lightOf(job);
    if (!light) return this.fullOf(job.validator)!.finish(job, used);
    if (used < job.cost) return light.spend(accountOf(job), job.blocks, used);
    return job.blocks;
  }

  private fullOf(validator: SimulatedValidator): FullValidator | undefined {
    return this.parts.fulls.find((full) => full.validator === validator);
  }

  private lightOf({ validator }: Job): LightValidator | undefined {
    return this.parts.lights.find((light) => light.validator === validator);
  }
}

const workOf = (job: Job): FinishedWork => ({
  uuid: job.uuid,
  validatorHotkey: job.validator.hotkey,
  minerHotkey: job.miner.hotkey,
  executorClass: job.executorClass,
  startedAt: job.startedAt,
  finishedAt: 0,
  cost: 0,
  blocks: [],
});
