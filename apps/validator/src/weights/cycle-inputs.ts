import { Inject, Injectable } from '@nestjs/common';
import { CHAIN, ChainError, type Block, type Chain, type Neuron } from '@horde/chain';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { LOGGER, type Logger } from '@horde/operations';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import type { MinerAddress } from '../miner/miner-client.ts';
import type { BurnRules } from '../scoring/burn.ts';
import type { DancingRules, MainHotkeys } from '../scoring/coldkeys.ts';
import { PaidJobs, type PaidJob } from '../scoring/paid-jobs.ts';
import type { WeightLimits } from '../scoring/process-weights.ts';
import { addUp, coldkeysThatDance, type ClassScores } from '../scoring/scores.ts';
import type { Window } from '../scoring/window.ts';
import { ValidatorSettings } from '../settings.ts';
import { MainHotkeyBook } from './main-hotkeys.ts';

/** Everything that the weights for a cycle depend on. */
export interface CycleInputs {
  window: Window;
  scores: ClassScores;
  /** Jobs of ours that were paid for and are left out, because they were reported as cheated. */
  cheated: readonly PaidJob[];
  /** Who is registered, by uid. */
  neurons: readonly Neuron[];
  /** When: in the window's first block, or in the newest where the chain does not tell of that one any more. */
  neuronsBlock: number;
  /** Hotkey -> coldkey: of the registered, and of those that were when the cycle ended. */
  coldkeyOf: ReadonlyMap<string, string>;
  /** By coldkey. */
  mainHotkeys: ReadonlyMap<string, MainHotkeys>;
  limits: WeightLimits;
  /** `DYNAMIC_EXECUTOR_CLASS_WEIGHTS`. */
  classWeights: string;
  dancing: DancingRules;
  burn: BurnRules;
}

/** Collects what the weights for a cycle depend on: paid jobs, who is who on the chain, main hotkeys, settings. */
@Injectable()
export class CycleInputsReader {
  constructor(
    @Inject(CHAIN) private readonly chain: Chain,
    private readonly database: Database,
    private readonly paidJobs: PaidJobs,
    private readonly mainHotkeys: MainHotkeyBook,
    private readonly config: ValidatorConfig,
    private readonly settings: ValidatorSettings,
    private readonly keypair: Keypair,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws ChainError when the chain does not tell what is needed */
  async read(window: Window): Promise<CycleInputs> {
    const jobs = await this.paidJobs.of(window.cycle);
    const cheated = await this.cheatedOf(jobs);
    const leftOut = new Set(cheated);
    const scores = addUp(jobs.filter((job) => !leftOut.has(job)));
    // What a hotkey has earned that left after the cycle goes to its coldkey.
    const lastOfCycle = await this.neuronsAt(window.cycle.end - 1);
    const { block, neurons } = (await this.neuronsAt(window.from)) ?? (await this.chain.neurons());
    const coldkeyOf = new Map(
      [...(lastOfCycle?.neurons ?? []), ...neurons].map(({ hotkey, coldkey }) => [hotkey, coldkey]),
    );
    const dancing = coldkeysThatDance(scores, coldkeyOf);
    return {
      window,
      scores,
      cheated,
      neurons,
      neuronsBlock: block.number,
      coldkeyOf,
      mainHotkeys: await this.mainHotkeys.of(window.cycle, await this.minersOf(dancing, neurons)),
      limits: await this.limits(),
      classWeights: this.config.get('DYNAMIC_EXECUTOR_CLASS_WEIGHTS'),
      dancing: {
        bonus: this.config.get('DYNAMIC_DANCING_BONUS'),
        mainShare: this.config.get('MAIN_HOTKEY_SHARE'),
      },
      burn: {
        targets: this.config
          .get('DYNAMIC_BURN_TARGET_SS58ADDRESSES')
          .split(',')
          .filter((target) => target !== ''),
        rate: this.config.get('DYNAMIC_BURN_RATE'),
        partition: this.config.get('DYNAMIC_BURN_PARTITION'),
      },
    };
  }

  /** Own jobs that somebody who has a say in them has reported as cheated; none where those are scored all the same. */
  private async cheatedOf(jobs: readonly PaidJob[]): Promise<PaidJob[]> {
    if (this.settings.scoreCheatedJobs) return [];
    const own = jobs.filter(({ validatorHotkey }) => validatorHotkey === this.keypair.address);
    // Receipts bear the uuid of the attempt, reports that of the job.
    const reported = await this.database.manager.query<{ uuid: string }[]>(
      `select distinct coalesce(attempt.uuid::text, report.job_uuid) as uuid
       from cheat_report report left join attempt on attempt.job_uuid::text = report.job_uuid
       where report.acted_at is not null and coalesce(attempt.uuid::text, report.job_uuid) = any ($1)`,
      [own.map(({ jobUuid }) => jobUuid)],
    );
    const uuids = new Set(reported.map(({ uuid }) => uuid));
    return own.filter(({ jobUuid }) => uuids.has(jobUuid));
  }

  /** Who was registered in a block; null where the chain does not tell of it any more: its older blocks may be with an archive. */
  private async neuronsAt(block: number): Promise<{ block: Block; neurons: Neuron[] } | null> {
    try {
      return await this.chain.neurons(block);
    } catch (error) {
      if (!(error instanceof ChainError) || error.kind !== 'absent') throw error;
      this.logger.warn(`${error.message} Weights are reckoned without it.`);
      return null;
    }
  }

  /** Where the miners of these coldkeys can be reached now. */
  private async minersOf(
    coldkeys: readonly string[],
    registered: readonly Neuron[],
  ): Promise<Map<string, MinerAddress[]>> {
    if (coldkeys.length === 0) return new Map();
    const now = new Map((await this.chain.neurons()).neurons.map(({ hotkey, address }) => [hotkey, address]));
    return new Map(
      coldkeys.map((coldkey) => [
        coldkey,
        registered.flatMap((neuron) => {
          const address = now.get(neuron.hotkey);
          return neuron.coldkey === coldkey && address ? [{ hotkey: neuron.hotkey, ...address }] : [];
        }),
      ]),
    );
  }

  /** What the subnet asks of weights: as the chain says, else as the settings do. */
  private async limits(): Promise<WeightLimits> {
    const told = await this.chain.hyperparameters?.();
    const { minAllowedWeights, maxWeightLimit } = told ?? this.settings;
    return { minAllowedWeights, maxWeightLimit };
  }
}
