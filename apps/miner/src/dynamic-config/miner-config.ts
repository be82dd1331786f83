import { Injectable } from '@nestjs/common';
import { subtensorAddress } from '@horde/chain';
import { Database, Doorbell } from '@horde/database';
import { DynamicConfig, flag, textList, wholeNumber, sourceOf } from '@horde/dynamic-config';
import { recordSetting } from '@horde/panel-server';
import { givenVariables } from '@horde/settings';
import { MinerSettings } from '../settings.ts';

/** What of the miner's settings can change while it runs, under ComputeHorde's names. */
const minerKeys = (settings: MinerSettings) => ({
  SERVING: flag(settings.serving ?? !settings.migrating, {
    help: "The miner's address and its manifest are written on the chain.",
  }),
  DYNAMIC_RECEIPT_TRANSFER_ENABLED: flag(settings.receiptTransfer, {
    help: 'Receipts are written to pages, and those are served.',
  }),
  DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: wholeNumber(settings.startupTimeLimit, {
    help: "How long an executor may take to be ready, beyond its class's spin-up time.",
    unit: 'seconds',
    most: 3_600,
  }),
  DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES: textList(settings.preloadedJobImages, {
    help: 'Images that every host has before a job asks for them.',
    most: 100,
  }),
});

/** The miner's settings that change while it runs. */
@Injectable()
export class MinerConfig extends DynamicConfig<ReturnType<typeof minerKeys>> {
  constructor(settings: MinerSettings, database: Database, doorbell: Doorbell) {
    super({
      keys: minerKeys(settings),
      database,
      doorbell,
      source: sourceOf('miner', settings, subtensorAddress(settings.network)),
      record: recordSetting,
      pinned: givenVariables(settings),
    });
  }
}
