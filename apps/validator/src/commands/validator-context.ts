import type { INestApplicationContext } from '@nestjs/common';
import { CommandContext, type ConfigContext, type OperatorContext, type AlertContext } from '@horde/commands';
import type { DynamicConfig, Keys } from '@horde/dynamic-config';
import type { Outbox } from '@horde/database';
import { Operators } from '@horde/panel-server';
import { loadSettings } from '@horde/settings';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { StatusUpdates } from '../jobs/status-updates.ts';
import { ownHotkey } from '../own-hotkey.ts';
import { ValidatorSettings } from '../settings.ts';
import { commandModule, jobCommandModule } from '../validator.module.ts';

/** What the validator's commands are given. */
export class ValidatorContext extends CommandContext implements AlertContext, ConfigContext, OperatorContext {
  readonly service = 'validator';

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
    return this.with(commandModule(this.settings(), this.logger), configured(work));
  }

  /** As `use`, with those that need the wallet and the chain beside it. @throws also SettingsError for a wallet that cannot be used */
  async useSigning<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
    const settings = this.settings();
    const keypair = await ownHotkey(settings, this.logger);
    return this.with(commandModule(settings, this.logger, keypair), configured(work));
  }

  /**
   * As `useSigning`, with those that give jobs to miners and drive them.
   *
   * @param updates is told what becomes of the jobs
   */
  async useDriver<T>(
    work: (app: INestApplicationContext) => Promise<T>,
    updates: (outbox: Outbox) => StatusUpdates = (outbox) => new StatusUpdates(outbox),
  ): Promise<T> {
    const settings = this.settings();
    const keypair = await ownHotkey(settings, this.logger);
    return this.with(jobCommandModule(settings, this.logger, keypair, updates), configured(work));
  }

  withOperators<T>(work: (operators: Operators) => Promise<T>): Promise<T> {
    return this.use((app) => work(app.get(Operators)));
  }

  withConfig<T>(work: (config: DynamicConfig<Keys>) => Promise<T>): Promise<T> {
    return this.use((app) => work(app.get<DynamicConfig<Keys>>(ValidatorConfig)));
  }
}

/** `work`, once the dynamic settings have been read. */
const configured =
  <T>(work: (app: INestApplicationContext) => Promise<T>) =>
  async (app: INestApplicationContext) => {
    await app.get(ValidatorConfig).load();
    return work(app);
  };
