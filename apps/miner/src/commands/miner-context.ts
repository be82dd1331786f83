import type { INestApplicationContext } from '@nestjs/common';
import { CommandContext, type AlertContext, type ConfigContext, type OperatorContext } from '@horde/commands';
import type { DynamicConfig, Keys } from '@horde/dynamic-config';
import { Operators } from '@horde/panel-server';
import { loadSettings } from '@horde/settings';
import { makeChain } from '../chain/make-chain.ts';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { ownKeypair } from '../identity/keypair.ts';
import { commandModule } from '../miner.module.ts';
import { MinerSettings } from '../settings.ts';

/** What the miner's commands are given. */
export class MinerContext extends CommandContext implements AlertContext, ConfigContext, OperatorContext {
  readonly service = 'miner';

  /** The miner's settings. @throws SettingsError */
  settings(): MinerSettings {
    return loadSettings(MinerSettings, this.environment).settings;
  }

  /**
   * Runs `work` with those parts of the miner that need nothing but its database.
   *
   * @throws SettingsError, DatabaseError, and what `work` throws
   */
  async use<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
    return this.with(commandModule(this.settings(), this.logger), configured(work));
  }

  withOperators<T>(work: (operators: Operators) => Promise<T>): Promise<T> {
    return this.use((app) => work(app.get(Operators)));
  }

  withConfig<T>(work: (config: DynamicConfig<Keys>) => Promise<T>): Promise<T> {
    return this.use((app) => work(app.get<DynamicConfig<Keys>>(MinerConfig)));
  }

  /** As `use`, with those that need the wallet and the chain beside them. @throws also IdentityError */
  async useSigning<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
    const settings = this.settings();
    const keypair = await ownKeypair(settings, (sentence) => this.logger.warn(sentence));
    const module = commandModule(settings, this.logger, { keypair, chain: makeChain(settings) });
    return this.with(module, configured(work));
  }
}

/** `work`, once the dynamic settings have been read. */
const configured =
  <T>(work: (app: INestApplicationContext) => Promise<T>) =>
  async (app: INestApplicationContext) => {
    await app.get(MinerConfig).load();
    return work(app);
  };
