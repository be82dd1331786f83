import { Injectable } from '@nestjs/common';
import { subtensorAddress } from '@horde/chain';
import { Database, Doorbell } from '@horde/database';
import { DynamicConfig, flag, textList, wholeNumber, sourceOf } from '@horde/dynamic-config';
import { givenVariables } from '@horde/settings';
import { MinerSettings } from '../settings.ts';

/** What of the miner's settings can change while it runs, under ComputeHorde's names. */
const minerKeys = (settings: MinerSettings) => ({
  /** Its address and its manifest are written on the chain. */
  SERVING: flag(settings.serving ?? !settings.migrating),
  /** Receipts are written to pages, and those are served. */
  DYNAMIC_RECEIPT_TRANSFER_ENABLED: flag(settings.receiptTransfer),
  /** @unit seconds */
  DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: wholeNumber(settings.startupTimeLimit, { most: 3_600 }),
  /** Images that every host has before a job asks for them. */
  DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES: textList(settings.preloadedJobImages, { most: 100 }),
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
      pinned: givenVariables(settings),
    });
  }
}
