import { createHash } from 'node:crypto';
import { GatheredBell } from '@horde/database';
import type { Cycle } from '@horde/chain';
import type { Keypair } from '@horde/identity';
import { pino } from 'pino';
import { AllowanceView } from '../../apps/validator/src/allowance/allowance-view.ts';
import { canPay } from '../../apps/validator/src/allowance/search.ts';
import { Allowance, lockAccount } from '../../apps/validator/src/allowance/allowance.ts';
import { ChainBlocks } from '../../apps/validator/src/allowance/chain-blocks.ts';
import { FollowChain } from '../../apps/validator/src/allowance/follow-chain.ts';
import { AllowanceHistory } from '../../apps/validator/src/allowance/history.ts';
import { ManifestSync } from '../../apps/validator/src/allowance/manifest-sync.ts';
import { AllowanceMetrics } from '../../apps/validator/src/allowance/allowance-metrics.ts';
import { SystemEvents } from '../../apps/validator/src/events/system-events.ts';
import { MetricsRegistry } from '../../apps/validator/src/metrics/metrics-registry.ts';
import { SpendingMetrics } from '../../apps/validator/src/allowance/spending-metrics.ts';
import { JobBell } from '../../apps/validator/src/jobs/job-bell.ts';
import { StoreManifests } from '../../apps/validator/src/allowance/store-manifests.ts';
import { TakeBlocks } from '../../apps/validator/src/allowance/take-blocks.ts';
import { ValidatorConfig } from '../../apps/validator/src/dynamic-config/validator-config.ts';
import type { MinerClient } from '../../apps/validator/src/miner/miner-client.ts';
import { ReceiptQueries } from '../../apps/validator/src/receipts/receipt-queries.ts';
import { Receipts } from '../../apps/validator/src/receipts/receipts.ts';
import { PageCheckpoints } from '../../apps/validator/src/receipts/transfer/page-checkpoints.ts';
import { PageTransfer } from '../../apps/validator/src/receipts/transfer/page-transfer.ts';
import { ReceiptVerifier } from '../../apps/validator/src/receipts/transfer/receipt-verifier.ts';
import { KnownValidators } from '../../apps/validator/src/receipts/transfer/known-validators.ts';
import { TransferMetrics } from '../../apps/validator/src/receipts/transfer/transfer-metrics.ts';
import { PaidJobs, type PaidJob } from '../../apps/validator/src/scoring/paid-jobs.ts';
import { ValidatorSettings } from '../../apps/validator/src/settings.ts';
import { CycleInputsReader, type CycleInputs } from '../../apps/validator/src/weights/cycle-inputs.ts';
import { MainHotkeyBook } from '../../apps/validator/src/weights/main-hotkeys.ts';
import { BackwardReceipts, paidJobsWithout, StubbornBlocks } from './broken-parts.ts';
import type { Chance } from './chance.ts';
import { acceptedOf, accountOf, finishedOf, startedOf, type Job } from './jobs.ts';
import type { SimulatedMiner, SimulatedValidator } from './network.ts';
import type { Rule } from './options.ts';
import type { ShownPages } from './pages.ts';
import type { SimulatedChain } from './simulated-chain.ts';
import { SilentDoorbell, SimulatedDatabase } from './simulated-database.ts';
import type { SharedVerdicts } from './verdicts.ts';

/** What all validators of a simulation share. */
export interface Surroundings {
  chain: SimulatedChain;
  client: MinerClient;
  verdicts: SharedVerdicts;
  pages: ShownPages;
  netuid: number;
}

const logger = pino({ level: 'silent' });
/** A page is in memory. @unit ms */
const patience = 60_000;

/** A validator with the rooms of the real one on a Postgres database of its own; its schedules are the simulation's. */
export class FullValidator {
  private readonly read = new Map<string, number>();
  private seen = -1;
  private readonly scored = new Map<number, Promise<PaidJob[]>>();

  private constructor(
    readonly validator: SimulatedValidator,
    readonly stored: SimulatedDatabase,
    private readonly around: Surroundings,
    private readonly rooms: ReturnType<typeof roomsOf>,
  ) {}

  /** @param broken the rule that is left out @param isSecond it is the one that some rules are left out at */
  static async open(
    validator: SimulatedValidator,
    around: Surroundings,
    broken: Rule | null,
    isSecond: boolean,
  ): Promise<FullValidator> {
    const stored = await SimulatedDatabase.open();
    const rooms = roomsOf(validator, stored, around, broken, isSecond);
    await rooms.config.set('DYNAMIC_BURN_TARGET_SS58ADDRESSES', around.chain.ledger.neurons(0)[0]!.hotkey);
    await rooms.config.set('DYNAMIC_BURN_RATE', 0.1);
    return new FullValidator(validator, stored, around, rooms);
  }

  /** Takes the chain's new blocks, and reads again what can be spent. */
  async look(): Promise<void> {
    this.seen = this.around.chain.head;
    await this.stored.setTime(this.around.chain.now);
    await this.rooms.following.follow();
    await this.rooms.view.refresh();
  }

  async syncManifests(miners: readonly SimulatedMiner[]): Promise<void> {
    await this.stored.setTime(this.around.chain.now);
    await this.rooms.database.manager.query(
      `insert into miner (hotkey, uid, ip, port) select hotkey, 0, '10.0.0.1', 8000 from unnest($1::text[]) hotkey
       on conflict do nothing`,
      [miners.map(({ hotkey }) => hotkey)],
    );
    await this.rooms.manifests.sync(async () => miners.map(({ hotkey, axon }) => ({ hotkey, ...axon })));
  }

  /** The hotkeys of miners that can be paid for a job. */
  async candidates(job: Pick<Job, 'executorClass' | 'cost'>): Promise<string[]> {
    if (this.seen < this.around.chain.head) await this.look();
    const accounts = [...this.rooms.allowance.accounts(job.executorClass).values()];
    const payable = accounts.filter((account) => canPay(account, job.cost));
    return payable.map(({ minerHotkey }) => minerHotkey).toSorted();
  }

  /** Books blocks and issues the first receipt in one transaction, as a job's driver does. @returns whether there were enough */
  async begin(job: Job): Promise<boolean> {
    const { allowance, receipts, database } = this.rooms;
    await this.stored.setTime(this.around.chain.now);
    return database.transaction(async (tx) => {
      await tx.manager.query(lockAccount(accountOf(job)));
      const booking = await allowance.reserve(tx, {
        ...accountOf(job),
        seconds: job.cost,
        longest: job.cost,
      });
      if (!booking) return false;
      Object.assign(job, { booking: booking.id, blocks: booking.blocks });
      receipts.issue(tx, startedOf(job));
      return true;
    });
  }

  /** The miner has accepted it; else its blocks are free again. */
  async answered(job: Job, isAccepted: boolean): Promise<void> {
    const { allowance, receipts, database } = this.rooms;
    await database.transaction(async (tx) => {
      if (isAccepted) receipts.issue(tx, acceptedOf(job));
      else await allowance.undo(tx, job.booking!);
    });
  }

  /** Spends what was used, and issues the last receipt. @returns the blocks that it lists */
  async finish(job: Job, used: number): Promise<number[]> {
    const { allowance, receipts, database } = this.rooms;
    await this.stored.setTime(this.around.chain.now);
    return database.transaction(async (tx) => {
      let blocks: number[] | null = [];
      if (used === 0) await allowance.undo(tx, job.booking!);
      else blocks = await allowance.spend(tx, job.booking!, used < job.cost ? used : null);
      if (!blocks) throw new Error(`The booking of job ${job.uuid} has ended before the job.`);
      receipts.issue(tx, finishedOf(job, { finishedAt: job.endsAt, cost: used, blocks }));
      return blocks;
    });
  }

  /** Reads what is new on the miners' pages, page after page in an order of chance. */
  async fetch(chance: Chance): Promise<void> {
    await this.stored.setTime(this.around.chain.now);
    for (const page of chance.shuffled(this.around.pages.grown(this.read))) {
      await this.rooms.transfer.transfer(page, patience, new AbortController().signal);
      this.read.set(page.url, page.bytes.length);
    }
  }

  /** A user has reported that a job was not done. @param counts the user has a say in the job: the report was acted on */
  async report(uuid: string, counts: boolean): Promise<void> {
    await this.rooms.database.manager.query(
      `insert into cheat_report (job_uuid, trusted_job_uuid, signatory, details, acted_at)
       values ($1, $1, $2, '{}', case when $3 then now() end)`,
      [uuid, this.validator.hotkey, counts],
    );
  }

  /** The jobs of a cycle that count; judged once. */
  paid(cycle: Cycle): Promise<PaidJob[]> {
    const known = this.scored.get(cycle.start) ?? this.rooms.paidJobs.of(cycle);
    this.scored.set(cycle.start, known);
    return known;
  }

  /** What the weights for a cycle depend on, for a validator with these rooms. @param keypair whose jobs are its own */
  inputs(cycle: Cycle, keypair: Keypair): Promise<CycleInputs> {
    const { database, mainHotkeys, config, settings } = this.rooms;
    const paid: PaidJobs = { of: (wanted) => this.paid(wanted) };
    const chain = this.around.chain;
    const reader = new CycleInputsReader(
      chain,
      database,
      paid,
      mainHotkeys,
      config,
      settings,
      keypair,
      logger,
    );
    return reader.read({ from: chain.head, until: chain.head + 1, cycle });
  }

  async close(): Promise<void> {
    this.rooms.transfer.onApplicationShutdown();
    await this.stored.close();
  }
}

function roomsOf(
  { keypair }: SimulatedValidator,
  { database }: SimulatedDatabase,
  { chain, client, verdicts, pages, netuid }: Surroundings,
  broken: Rule | null,
  isSecond: boolean,
) {
  class Verifier extends ReceiptVerifier {
    protected override readonly pool = {
      verifyAll: verdicts.verifyAll.bind(verdicts),
      close: () => Promise.resolve(),
    };
    protected override now() {
      return chain.now;
    }
  }
  class Transfer extends PageTransfer {
    protected override readonly reader = pages.reader;
  }
  class View extends AllowanceView {
    protected override now() {
      return chain.now;
    }
  }
  const doorbell = new SilentDoorbell();
  const settings = Object.assign(new ValidatorSettings(), {
    network: 'none',
    netuid,
    scoreCheatedJobs: broken === 'cheated',
  });
  const config = new ValidatorConfig(settings, database, doorbell);
  const history = new AllowanceHistory(database);
  const view = new View(history, database, doorbell, keypair, logger);
  const blocks = new (isSecond && broken === 'reorg' ? StubbornBlocks : ChainBlocks)(chain, config, database);
  const queries = new (isSecond && broken === 'order' ? BackwardReceipts : ReceiptQueries)(database);
  const metrics = new MetricsRegistry();
  const spendingMetrics = new SpendingMetrics(metrics);
  const allowanceMetrics = new AllowanceMetrics(metrics);
  const verifier = new Verifier(new KnownValidators(chain, database));
  return {
    database,
    settings,
    config,
    view,
    allowance: new Allowance(view, history, settings, allowanceMetrics),
    following: new FollowChain(
      blocks,
      new TakeBlocks(database, doorbell, allowanceMetrics),
      database,
      logger,
    ),
    manifests: new ManifestSync(
      chain,
      blocks,
      new StoreManifests(database, doorbell, config, new JobBell(doorbell)),
      client,
      config,
      database,
      new SystemEvents(database, new GatheredBell(database, doorbell), logger),
      logger,
    ),
    receipts: new Receipts(database, keypair),
    transfer: new Transfer(database, new PageCheckpoints(database), verifier, new TransferMetrics(metrics)),
    paidJobs: new (paidJobsWithout(broken))(history, blocks, queries, config, spendingMetrics, logger),
    mainHotkeys: new MainHotkeyBook(database, client, logger),
  };
}

/** SHA-256 of a text, hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
