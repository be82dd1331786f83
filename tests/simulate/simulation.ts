import { cycleOf, type Cycle } from '@horde/chain';
import { finality } from '../../apps/validator/src/allowance/rules.ts';
import { Chance } from './chance.ts';
import { checkCycle, type CycleResult } from './check-cycle.ts';
import { checkReceipts } from './check-receipts.ts';
import { Cheats, type Cheat } from './cheats.ts';
import { Findings } from './findings.ts';
import { FullValidator, sha256 } from './full-validator.ts';
import { accountOf, type FinishedWork } from './jobs.ts';
import { LightValidator } from './light-validator.ts';
import { SimulatedNetwork, type SimulatedMiner } from './network.ts';
import { Offers } from './offers.ts';
import type { SimulationOptions } from './options.ts';
import { ShownPages } from './pages.ts';
import { scriptedClient } from './scripted-client.ts';
import { SimulatedChain } from './simulated-chain.ts';
import { jobKey, Truth } from './truth.ts';
import { SharedVerdicts } from './verdicts.ts';
import { Work } from './work.ts';

/** How often things happen; of the first validator and the others. A validator that books looks at the chain before. @unit blocks */
const every = { manifests: 25, fetch: [100, 140], look: [5, 40], stakes: 37, reorg: 450, word: 200 } as const;
/** More than what counts as final: what has been taken is replaced. @unit blocks */
const reorgDepth = 9;
/** So long after a cycle's end it is scored. @unit blocks */
const scoringDelay = 60;
/** A new chain has no blocks yet that gave any allowance. @unit blocks */
const warmUp = 30;
/** Of the paid jobs of validators with their rooms in Postgres so many are reported as cheated. */
const reportedPart = 0.02;

export interface SimulationResult {
  findings: Findings;
  cycles: CycleResult[];
  jobs: { accepted: number; declined: number; reported: number };
  cheats: ReadonlyMap<Cheat, number>;
  signatures: number;
  /** How many blocks were. */
  replaced: number;
  /** SHA-256 of all that happened and came of it, hex. */
  digest: string;
}

/** Runs a whole network. Needs TEST_POSTGRES_URL. @param say hears how far it is */
export async function simulate(
  options: SimulationOptions,
  say: (what: string) => void,
): Promise<SimulationResult> {
  const simulation = await Simulation.make(options, say);
  try {
    return await simulation.run();
  } finally {
    await simulation.close();
  }
}

class Simulation {
  private readonly findings = new Findings();
  private readonly pages = new ShownPages();
  private readonly verdicts: SharedVerdicts;
  private readonly truth: Truth;
  private readonly offers: Offers;
  private readonly lights: LightValidator[];
  private readonly fulls: FullValidator[] = [];
  private readonly later: { block: number; show: () => void }[] = [];
  private readonly reported = new Set<string>();
  private readonly replaced: { from: number; to: number }[] = [];
  private readonly cycles: CycleResult[] = [];
  private readonly events: unknown[] = [];
  private readonly work: Work;
  private readonly cheats: Cheats;

  private constructor(
    private readonly options: SimulationOptions,
    private readonly chain: SimulatedChain,
    private readonly network: SimulatedNetwork,
    private readonly chance: Chance,
    private readonly say: (what: string) => void,
  ) {
    this.verdicts = new SharedVerdicts(options.broken === 'forged');
    this.offers = new Offers(network, chance);
    this.truth = new Truth(chain, this.offers);
    this.lights = network.validators
      .slice(options.full)
      .map((validator) => new LightValidator(validator, chain, this.offers, options.broken === 'booking'));
    const show = (
      miner: SimulatedMiner,
      line: string,
      genuine?: { kind: 'started' | 'accepted' | 'finished'; work: FinishedWork },
    ) => {
      this.pages.show(miner, chain.head, line);
      if (genuine) this.truth.shown(genuine.kind, genuine.work);
    };
    const { fulls, lights, offers, findings } = this;
    this.work = new Work({ chain, network, offers, chance, fulls, lights, findings, show });
    const showLater = (blocks: number, showIt: () => void) =>
      this.later.push({ block: chain.head + blocks, show: showIt });
    this.cheats = new Cheats({
      chain,
      network,
      offers,
      chance,
      lights,
      ended: this.work.ended,
      show,
      showLater,
    });
  }

  static async make(options: SimulationOptions, say: (what: string) => void): Promise<Simulation> {
    const chance = new Chance(options.seed);
    const chain = await SimulatedChain.begin(options.netuid);
    const network = new SimulatedNetwork(options, chance);
    await network.register(chain);
    const simulation = new Simulation(options, chain, network, chance, say);
    const { pages, verdicts, offers, fulls } = simulation;
    const { broken, netuid, full } = options;
    const silence = broken === 'silence' ? 'offers nothing' : 'fails';
    const client = scriptedClient(network, offers, () => chain.head, silence);
    for (const [at, validator] of network.validators.slice(0, full).entries())
      fulls.push(
        await FullValidator.open(validator, { chain, client, verdicts, pages, netuid }, broken, at === 1),
      );
    return simulation;
  }

  async run(): Promise<SimulationResult> {
    const { blocks, jobs, netuid } = this.options;
    let due = 0;
    let dueCheats = 0;
    const perBlock = jobs / (blocks - warmUp - finality);
    const cheatsPerJob = Math.max(0.04, 80 / jobs);
    for (let block = 1; block <= blocks; block++) {
      await this.makeBlock(block);
      await this.work.finishDue();
      if (block >= warmUp) due += perBlock;
      for (let tries = 0; due >= 1 && tries < 4 * perBlock + 4; tries++) {
        if (!(await this.work.begin())) continue;
        due--;
        dueCheats += cheatsPerJob;
      }
      for (; dueCheats >= 1; dueCheats--) this.cheats.cheat();
      await this.fetchWhenDue(block);
      if (block % every.word === 0) this.say(`block ${block}: ${this.work.accepted} jobs were accepted`);
      await this.scoreWhenDue(block, cycleOf(Math.max(0, block - finality - 1), netuid));
    }
    this.work.showWithheld();
    for (const full of this.fulls) {
      await full.look();
      await full.fetch(this.chance);
      await checkReceipts(full, this.truth, this.findings);
    }
    return this.result();
  }

  async close(): Promise<void> {
    for (const full of this.fulls) await full.close();
    await this.verdicts.close();
  }

  private async makeBlock(block: number): Promise<void> {
    const { chain, network, chance, offers } = this;
    chain.makeBlock();
    if (block % every.stakes === 0) await network.changeStake(chain);
    if (block === Math.floor(this.options.blocks / 2)) await network.leave(chain);
    if (block % every.reorg === Math.floor(every.reorg / 2)) {
      for (const full of this.fulls) await full.look();
      await chain.reorganise(reorgDepth, String(chance.whole(0, 2 ** 31)));
      this.replaced.push({ from: block - reorgDepth, to: block });
    }
    for (const light of this.lights) light.look();
    for (const [at, full] of this.fulls.entries())
      if (block % (at === 0 ? every.look[0] : every.look[1]) === 0) await full.look();
    if (block % every.manifests === finality) {
      offers.change();
      for (const full of this.fulls) await full.syncManifests(network.present);
      offers.asked(block);
      for (const full of this.fulls) await full.look();
    }
    for (const { show } of this.later.filter((each) => each.block === block)) show();
  }

  private async fetchWhenDue(block: number): Promise<void> {
    for (const [at, full] of this.fulls.entries())
      if (block % (at === 0 ? every.fetch[0] : every.fetch[1]) === 0) await full.fetch(this.chance);
  }

  /** Scores the cycle before the one that a block is in, a while after its end; the last one as soon as it can be. */
  private async scoreWhenDue(block: number, current: Cycle): Promise<void> {
    const isLast = block === this.options.blocks;
    const number = Math.max(0, current.start - 1);
    if (current.start <= 0) return;
    const cycle = cycleOf(number, this.options.netuid);
    const isScored = this.cycles.some(({ cycle: { start } }) => start === cycle.start);
    if (isScored || !(isLast || block >= cycle.end + scoringDelay)) return;
    for (const full of this.fulls) {
      await full.look();
      await full.fetch(this.chance);
    }
    await this.reportSome(cycle);
    const { chain, offers, truth, fulls, reported, findings } = this;
    const result = await checkCycle(cycle, {
      chain,
      offers,
      truth,
      fulls,
      reported,
      honest: this.honestIn(cycle),
      findings,
    });
    this.cycles.push(result);
    this.work.showWithheld();
    this.say(
      `blocks ${cycle.start} to ${cycle.end - 1}: ${result.ended} jobs ended, ${result.paid.length} are paid`,
    );
  }

  /** Users report jobs of the validators that have their rooms; each of these knows of all reports. */
  private async reportSome(cycle: Cycle): Promise<void> {
    const own = this.work.ended.filter(
      ({ validator, endsAt }) =>
        this.fulls.some((full) => full.validator === validator) && this.isIn(cycle, endsAt),
    );
    for (const [at, { uuid }] of own.entries()) {
      // At least a few, and one by somebody who has no say in the job.
      if (at > this.fulls.length * 2 && !this.chance.happens(reportedPart)) continue;
      const counts = at > 0;
      if (counts) this.reported.add(uuid);
      for (const full of this.fulls) await full.report(uuid, counts);
    }
  }

  /** Jobs of honest validators that nothing since has made worthless: neither other blocks nor a drop right then. */
  private honestIn(cycle: Cycle): Set<string> {
    const works = new Map(this.truth.endedIn(cycle).map((work) => [jobKey(work), work]));
    const keys = this.work.ended
      .filter(
        ({ validator, isLate, endsAt }) => !validator.isDishonest && !isLate && this.isIn(cycle, endsAt),
      )
      .map((job) => ({
        job,
        key: jobKey({ uuid: job.uuid, validatorHotkey: job.validator.hotkey, minerHotkey: job.miner.hotkey }),
      }))
      .filter(({ job, key }) => {
        const began = works.get(key)?.began ?? 0;
        const drop = this.offers
          .of(accountOf(job))
          .changes.some(({ block, isDrop }) => isDrop && block <= began && block > began - 2 * finality);
        return (
          !drop &&
          !this.replaced.some(({ from, to }) => job.blocks.some((block) => block >= from - 1 && block <= to))
        );
      });
    return new Set(keys.map(({ key }) => key));
  }

  private isIn({ start, end }: Cycle, at: number): boolean {
    return at >= this.chain.timeOf(Math.max(0, start)) && at < this.chain.timeOf(end);
  }

  private result(): SimulationResult {
    const { work, chain, cycles } = this;
    const blocks = Array.from({ length: chain.head + 1 }, (_, number) => [
      chain.ledger.clock.at(number)!.hash,
      chain.timeOf(number),
    ]);
    const jobs = work.ended.map(
      ({ uuid, validator, miner, executorClass, used, blocks: spent, startedAt, endsAt }) => [
        uuid,
        validator.hotkey,
        miner.hotkey,
        executorClass,
        used,
        spent,
        startedAt,
        endsAt,
      ],
    );
    return {
      findings: this.findings,
      cycles,
      jobs: { accepted: work.accepted, declined: work.declined, reported: this.reported.size },
      cheats: this.cheats.made,
      signatures: this.verdicts.count,
      replaced: this.replaced.length * reorgDepth,
      digest: sha256(JSON.stringify([blocks, jobs, cycles, [...this.truth.genuine]])),
    };
  }
}
