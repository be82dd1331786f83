import { Module, type INestApplicationContext } from '@nestjs/common';
import { CommandContext } from '@horde/commands';
import { DatabaseModule } from '@horde/database';
import { HealthModule } from '@horde/operations';
import { loadSettings } from '@horde/settings';
import { databaseOptions } from '../database.ts';
import { commonProviders } from '../facilitator.module.ts';
import { FacilitatorSettings } from '../settings.ts';

/** What the facilitator's commands are given. */
export class FacilitatorContext extends CommandContext {
  /** Runs `work` with the database and the chain: no HTTP, no queues, no connections. @throws SettingsError, DatabaseError, and what `work` throws */
  use<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
    const { settings } = loadSettings(FacilitatorSettings, this.environment);
    @Module({
      imports: [HealthModule.forRoot(), DatabaseModule.forRoot(databaseOptions(settings.databaseUrl))],
      providers: commonProviders(settings, this.logger),
    })
    class CommandModule {}
    return this.with(CommandModule, work);
  }
}
