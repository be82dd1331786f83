import { Injectable } from '@nestjs/common';
import { Database, Doorbell } from '@horde/database';
import { DynamicConfig, flag } from '@horde/dynamic-config';
import { recordSetting } from '@horde/panel-server';
import { givenVariables } from '@horde/settings';
import { FacilitatorSettings } from '../settings.ts';

/** What of the facilitator's settings can change while it runs, under ComputeHorde's names. */
const facilitatorKeys = (settings: FacilitatorSettings) => ({
  ENABLE_ORGANIC_JOBS: flag(settings.enableOrganicJobs, { help: 'Users may create jobs.' }),
});

/** The facilitator's settings that change while it runs. No documents say them: the operator does. */
@Injectable()
export class FacilitatorConfig extends DynamicConfig<ReturnType<typeof facilitatorKeys>> {
  constructor(settings: FacilitatorSettings, database: Database, doorbell: Doorbell) {
    super({
      keys: facilitatorKeys(settings),
      database,
      doorbell,
      source: null,
      record: recordSetting,
      pinned: givenVariables(settings),
    });
  }
}
