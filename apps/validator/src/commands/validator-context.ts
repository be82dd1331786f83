import type { INestApplicationContext } from '@nestjs/common';
import { CommandContext, type ConfigContext } from '@horde/commands';
import type { DynamicConfig, Keys } from '@horde/dynamic-config';
import { loadSettings } from '@horde/settings';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { ValidatorSettings } from '../settings.ts';
import { commandModule } from '../validator.module.ts';

/** What the validator's commands are given. */
export class ValidatorContext extends CommandContext implements ConfigContext {
  /** The validator's settings. @throws SettingsError */
  settings(): ValidatorSettings {
    return loadSettings(ValidatorSettings, this.environment).settings;
  }

  /**
   * Runs `work` with those parts of the validator that need nothing but its database.
   *
   * @throws SettingsError, DatabaseError, and what `work` throws
   */
  async use<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
    return this.with(commandModule(this.settings(), this.logger), async (app) => {
      await app.get(ValidatorConfig).load();
      return work(app);
    });
  }

  withConfig<T>(work: (config: DynamicConfig<Keys>) => Promise<T>): Promise<T> {
    return this.use((app) => work(app.get<DynamicConfig<Keys>>(ValidatorConfig)));
  }
}
