import { Injectable } from '@nestjs/common';
import { subtensorAddress } from '@horde/chain';
import { Database, Doorbell } from '@horde/database';
import { amount, decimal, DynamicConfig, flag, text, wholeNumber, sourceOf } from '@horde/dynamic-config';
import { givenVariables } from '@horde/settings';
import type { StageLimits } from '../jobs/stages.ts';
import { ValidatorSettings } from '../settings.ts';
import { absentKeys } from './absent-keys.ts';

/** What of the validator's settings can change while it runs, under ComputeHorde's names and with its defaults. */
const validatorKeys = (settings: ValidatorSettings) => ({
  /** Weights are set. */
  SERVING: flag(settings.serving ?? !settings.migrating),

  /** How long a miner may take to accept or decline a job. @unit seconds */
  DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT: wholeNumber(settings.reservationTimeLimit, {
    least: 1,
    most: 3_600,
  }),
  /** How long an executor may take to be ready, beyond its class's spin-up time. @unit seconds */
  DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: wholeNumber(settings.startupTimeLimit, { most: 3_600 }),
  /** Added once to the limits of a job's stages. @unit seconds */
  DYNAMIC_ORGANIC_JOB_ALLOWED_LEEWAY_TIME: wholeNumber(settings.allowedLeeway, { most: 3_600 }),

  /** Receipts are fetched from the miners. */
  DYNAMIC_RECEIPT_TRANSFER_ENABLED: flag(settings.receiptTransfer),
  /** How often their newest pages are asked for. @unit seconds */
  DYNAMIC_RECEIPT_TRANSFER_INTERVAL: wholeNumber(2, { least: 1, most: 3_600 }),

  /** Manifests are read from the chain instead of asked for. */
  DYNAMIC_MANIFESTS_USE_KNOWLEDGE_COMMITMENTS: flag(false),
  /** `always_on.llm.a6000=2,…`: so many executors of a class of one miner count; a class that is not named has no such limit. */
  DYNAMIC_MINER_MAX_EXECUTORS_PER_CLASS: text('always_on.llm.a6000=2'),
  /** What a second of an executor gives in allowance. */
  DYNAMIC_BLOCK_ALLOWANCE_MULTIPLIER: decimal(1, { least: 0 }),
  /** So many blocks older than a cycle a spent block may be. @unit blocks */
  DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_LOWER: wholeNumber(15, { most: 722 }),
  /** So many blocks later than the start of its job a spent block may be. @unit blocks */
  DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_UPPER: wholeNumber(0, { most: 722 }),

  /** A validator's receipts excuse a busy miner when it has so much at stake. @unit alpha */
  DYNAMIC_MINIMUM_VALIDATOR_STAKE_FOR_EXCUSE: decimal(30_000, { least: 0 }),
  /** Incidents of so many hours count. @unit hours */
  DYNAMIC_ROUTING_RELIABILITY_WINDOW_HOURS: decimal(24, { least: 0, most: 720 }),
  /** The reliability at which a miner's chance is almost nothing. */
  DYNAMIC_ROUTING_RELIABILITY_SOFT_CUTOFF: decimal(-50, { most: -0.001 }),
  /** How sharply chances fall around half of that. */
  DYNAMIC_ROUTING_RELIABILITY_SEPARATION: decimal(5, { least: 0 }),
  /** How long a miner that has lost a job gets none. @unit seconds */
  DYNAMIC_JOB_FAILURE_BLACKLIST_TIME_SECONDS: wholeNumber(settings.failureBlacklistTime, {
    most: 31_536_000,
  }),
  /** How long a miner that was reported to have cheated gets none. @unit seconds */
  DYNAMIC_JOB_CHEATED_BLACKLIST_TIME_SECONDS: wholeNumber(14_400, { most: 31_536_000 }),
  /** Jobs on the trusted miner leave no events. */
  DYNAMIC_DISABLE_TRUSTED_ORGANIC_JOB_EVENTS: flag(true),
  /** A miner with less collateral gets no jobs; 0: nobody is asked for any. @unit wei */
  DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI: amount(10_000_000_000_000_000n),
  /** What a miner that cheated loses of it. @unit wei */
  DYNAMIC_COLLATERAL_SLASH_AMOUNT_WEI: amount(5_000_000_000_000_000n),

  /** `class=weight,…`: what a class's jobs are worth in the weights; a class that is not named: nothing. */
  DYNAMIC_EXECUTOR_CLASS_WEIGHTS: text(
    'spin_up-4min.gpu-24gb=98,always_on.llm.a6000=1,always_on.test=0,always_on.cpu.8c.16gb=1',
  ),
  /** What a coldkey's score gains when its main hotkey has changed since the cycle before, as a part of it. */
  DYNAMIC_DANCING_BONUS: decimal(0.1, { least: 0, most: 10 }),
  /** The main hotkey's part of its coldkey's score. */
  MAIN_HOTKEY_SHARE: decimal(0.8, { least: 0, most: 1 }),
  /** Hotkeys that weights are burned at, with commas between them; none: nothing is burned. */
  DYNAMIC_BURN_TARGET_SS58ADDRESSES: text(''),
  /** The part of the weights that is burned. */
  DYNAMIC_BURN_RATE: decimal(0, { least: 0, most: 1 }),
  /** The part of that for the burn target that the cycle has chosen. */
  DYNAMIC_BURN_PARTITION: decimal(0, { least: 0, most: 1 }),
  /** Weights are handed in only within the window of a cycle. */
  DYNAMIC_COMMIT_REVEAL_WEIGHTS_ENABLED: flag(true),
  /** The interval that the window is in: a cycle. @unit blocks */
  DYNAMIC_COMMIT_REVEAL_WEIGHTS_INTERVAL: wholeNumber(722, { least: 1, most: 100_000 }),
  /** The window begins so long after its interval. @unit blocks */
  DYNAMIC_COMMIT_REVEAL_COMMIT_START_OFFSET: wholeNumber(361, { most: 100_000 }),
  /** The window ends so long before its interval does. @unit blocks */
  DYNAMIC_COMMIT_REVEAL_COMMIT_END_BUFFER: wholeNumber(15, { most: 100_000 }),
});

/** The validator's settings that change while it runs. */
@Injectable()
export class ValidatorConfig extends DynamicConfig<ReturnType<typeof validatorKeys>> {
  constructor(settings: ValidatorSettings, database: Database, doorbell: Doorbell) {
    super({
      keys: validatorKeys(settings),
      absent: absentKeys,
      database,
      doorbell,
      source: sourceOf('validator', settings, subtensorAddress(settings.network)),
      pinned: givenVariables(settings),
    });
  }

  /** What limits a job's stages beside its own limits, as of now. */
  get limits(): StageLimits {
    return {
      reservation: this.get('DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT'),
      startup: this.get('DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT'),
      leeway: this.get('DYNAMIC_ORGANIC_JOB_ALLOWED_LEEWAY_TIME'),
    };
  }
}
