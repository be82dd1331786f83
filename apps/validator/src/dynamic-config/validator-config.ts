import { Injectable } from '@nestjs/common';
import { subtensorAddress } from '@horde/chain';
import { Database, Doorbell } from '@horde/database';
import { amount, decimal, DynamicConfig, flag, text, wholeNumber, sourceOf } from '@horde/dynamic-config';
import { recordSetting } from '@horde/panel-server';
import { givenVariables } from '@horde/settings';
import type { StageLimits } from '../jobs/stages.ts';
import { ValidatorSettings } from '../settings.ts';
import { absentKeys } from './absent-keys.ts';

/** What of the validator's settings can change while it runs, under ComputeHorde's names and with its defaults. */
const validatorKeys = (settings: ValidatorSettings) => ({
  SERVING: flag(settings.serving ?? !settings.migrating, { help: 'Weights are set.' }),

  DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT: wholeNumber(settings.reservationTimeLimit, {
    help: 'How long a miner may take to accept or decline a job.',
    unit: 'seconds',
    least: 1,
    most: 3_600,
  }),
  DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: wholeNumber(settings.startupTimeLimit, {
    help: "How long an executor may take to be ready, beyond its class's spin-up time.",
    unit: 'seconds',
    most: 3_600,
  }),
  DYNAMIC_ORGANIC_JOB_ALLOWED_LEEWAY_TIME: wholeNumber(settings.allowedLeeway, {
    help: "Added once to the limits of a job's stages.",
    unit: 'seconds',
    most: 3_600,
  }),

  DYNAMIC_RECEIPT_TRANSFER_ENABLED: flag(settings.receiptTransfer, {
    help: 'Receipts are fetched from the miners.',
  }),
  DYNAMIC_RECEIPT_TRANSFER_INTERVAL: wholeNumber(2, {
    help: 'How often the newest pages of receipts are asked for.',
    unit: 'seconds',
    least: 1,
    most: 3_600,
  }),

  DYNAMIC_MANIFESTS_USE_KNOWLEDGE_COMMITMENTS: flag(false, {
    help: 'Manifests are read from the chain instead of asked for.',
  }),
  DYNAMIC_MINER_MAX_EXECUTORS_PER_CLASS: text('always_on.llm.a6000=2', {
    help: '`always_on.llm.a6000=2,…`: so many executors of a class of one miner count; a class that is not named has no such limit.',
  }),
  DYNAMIC_BLOCK_ALLOWANCE_MULTIPLIER: decimal(1, {
    help: 'What a second of an executor gives in allowance.',
    least: 0,
  }),
  DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_LOWER: wholeNumber(15, {
    help: 'So many blocks older than a cycle a spent block may be.',
    unit: 'blocks',
    most: 722,
  }),
  DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_UPPER: wholeNumber(0, {
    help: 'So many blocks later than the start of its job a spent block may be.',
    unit: 'blocks',
    most: 722,
  }),

  DYNAMIC_MINIMUM_VALIDATOR_STAKE_FOR_EXCUSE: decimal(30_000, {
    help: "A validator's receipts excuse a busy miner when it has so much at stake.",
    unit: 'alpha',
    least: 0,
  }),
  DYNAMIC_ROUTING_RELIABILITY_WINDOW_HOURS: decimal(24, {
    help: 'Incidents of so many hours count.',
    unit: 'hours',
    least: 0,
    most: 720,
  }),
  DYNAMIC_ROUTING_RELIABILITY_SOFT_CUTOFF: decimal(-50, {
    help: "The reliability at which a miner's chance is almost nothing.",
    most: -0.001,
  }),
  DYNAMIC_ROUTING_RELIABILITY_SEPARATION: decimal(5, {
    help: 'How sharply chances fall around half of the soft cutoff.',
    least: 0,
  }),
  DYNAMIC_JOB_FAILURE_BLACKLIST_TIME_SECONDS: wholeNumber(settings.failureBlacklistTime, {
    help: 'How long a miner that has lost a job gets none.',
    unit: 'seconds',
    most: 31_536_000,
  }),
  DYNAMIC_JOB_CHEATED_BLACKLIST_TIME_SECONDS: wholeNumber(14_400, {
    help: 'How long a miner that was reported to have cheated gets none.',
    unit: 'seconds',
    most: 31_536_000,
  }),
  DYNAMIC_DISABLE_TRUSTED_ORGANIC_JOB_EVENTS: flag(true, {
    help: 'Jobs on the trusted miner leave no events.',
  }),
  DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI: amount(10_000_000_000_000_000n, {
    help: 'A miner with less collateral gets no jobs; 0: nobody is asked for any.',
    unit: 'wei',
  }),
  DYNAMIC_COLLATERAL_SLASH_AMOUNT_WEI: amount(5_000_000_000_000_000n, {
    help: 'What a miner that cheated loses of its collateral.',
    unit: 'wei',
  }),

  DYNAMIC_EXECUTOR_CLASS_WEIGHTS: text(
    'spin_up-4min.gpu-24gb=98,always_on.llm.a6000=1,always_on.test=0,always_on.cpu.8c.16gb=1',
    {
      help: "`class=weight,…`: what a class's jobs are worth in the weights; a class that is not named: nothing.",
    },
  ),
  DYNAMIC_DANCING_BONUS: decimal(0.1, {
    help: "What a coldkey's score gains when its main hotkey has changed since the cycle before, as a part of it.",
    least: 0,
    most: 10,
  }),
  MAIN_HOTKEY_SHARE: decimal(0.8, {
    help: "The main hotkey's part of its coldkey's score.",
    least: 0,
    most: 1,
  }),
  DYNAMIC_BURN_TARGET_SS58ADDRESSES: text('', {
    help: 'Hotkeys that weights are burned at, with commas between them; none: nothing is burned.',
  }),
  DYNAMIC_BURN_RATE: decimal(0, { help: 'The part of the weights that is burned.', least: 0, most: 1 }),
  DYNAMIC_BURN_PARTITION: decimal(0, {
    help: 'The part of what is burned that goes to the burn target of the cycle.',
    least: 0,
    most: 1,
  }),
  DYNAMIC_COMMIT_REVEAL_WEIGHTS_ENABLED: flag(true, {
    help: 'Weights are handed in only within the window of a cycle.',
  }),
  DYNAMIC_COMMIT_REVEAL_WEIGHTS_INTERVAL: wholeNumber(722, {
    help: 'The interval that the window is in: a cycle.',
    unit: 'blocks',
    least: 1,
    most: 100_000,
  }),
  DYNAMIC_COMMIT_REVEAL_COMMIT_START_OFFSET: wholeNumber(361, {
    help: 'The window begins so long after its interval.',
    unit: 'blocks',
    most: 100_000,
  }),
  DYNAMIC_COMMIT_REVEAL_COMMIT_END_BUFFER: wholeNumber(15, {
    help: 'The window ends so long before its interval does.',
    unit: 'blocks',
    most: 100_000,
  }),
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
      record: recordSetting,
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
