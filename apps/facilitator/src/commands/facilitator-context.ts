import { Module, type INestApplicationContext } from '@nestjs/common';
import { CommandContext, type AlertContext, type ConfigContext, type OperatorContext } from '@horde/commands';
import { DatabaseModule } from '@horde/database';
import type { DynamicConfig, Keys } from '@horde/dynamic-config';
import { HealthModule } from '@horde/operations';
import { Operators } from '@horde/panel-server';
import { LastDone } from '@horde/metrics';
import { loadSettings } from '@horde/settings';
import { databaseOptions } from '../database.ts';
import { FacilitatorConfig } from '../dynamic-config/facilitator-config.ts';
import { commonProviders } from '../facilitator.module.ts';
import { JobArtifacts } from '../panel/job-artifacts.ts';
import { PanelJobs } from '../panel/job-list.ts';
import { JobPages } from '../panel/job-page.ts';
import { ReceiptFetch } from '../receipts/receipt-fetch.ts';
import { FacilitatorSettings } from '../settings.ts';

/** What the facilitator's commands are given. */
export class FacilitatorContext
  extends CommandContext
  implements AlertContext, ConfigContext, OperatorContext
{
  readonly service = 'facilitator';

  /** @throws SettingsError */
  settings(): FacilitatorSettings {
    return loadSettings(FacilitatorSettings, this.environment).settings;
  }

  /** Runs `work` with the database and the chain: no HTTP, no queues, no connections. @throws SettingsError, DatabaseError, and what `work` throws */
  use<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
    const settings = this.settings();
    @Module({
      imports: [HealthModule.forRoot(), DatabaseModule.forRoot(databaseOptions(settings.databaseUrl))],
      providers: [
        ...commonProviders(settings, this.logger),
        ReceiptFetch,
        Operators,
        PanelJobs,
        JobArtifacts,
        JobPages,
        LastDone,
      ],
    })
    class CommandModule {}
    return this.with(CommandModule, work);
  }

  withOperators<T>(work: (operators: Operators) => Promise<T>): Promise<T> {
    return this.use((app) => work(app.get(Operators)));
  }

  withConfig<T>(work: (config: DynamicConfig<Keys>) => Promise<T>): Promise<T> {
    return this.use(async (app) => {
      const config = app.get<DynamicConfig<Keys>>(FacilitatorConfig);
      await config.load();
      return work(config);
    });
  }
}
