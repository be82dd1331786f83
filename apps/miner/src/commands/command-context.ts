import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Logger } from '@horde/operations';
import { loadSettings } from '@horde/settings';
import { makeChain } from '../chain/make-chain.ts';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { keypairOf } from '../identity/keypair.ts';
import { commandModule } from '../miner.module.ts';
import { MinerSettings } from '../settings.ts';

/** What a command gets of the process that it runs in, and of the miner that it belongs to. */
export class CommandContext {
  /** Of the process, when the command has ended. */
  exitCode = 0;

  /**
   * @param print takes what the command says: a line, or several
   * @param logger for what goes on beside that; never on standard output
   * @param signal aborted when the operator does not want to wait any more
   */
  constructor(
    readonly environment: Record<string, string | undefined>,
    readonly print: (text: string) => void,
    readonly logger: Logger,
    readonly signal: AbortSignal,
  ) {}

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
    return this.run(commandModule(this.settings(), this.logger), work);
  }

  /** As `use`, with those that need the wallet and the chain beside them. @throws also IdentityError */
  async useSigning<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
    const settings = this.settings();
    const keypair = await keypairOf(settings, this.logger);
    return this.run(commandModule(settings, this.logger, { keypair, chain: makeChain(settings) }), work);
  }

  private async run<T>(module: Type, work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
    // What goes wrong is thrown, and told once.
    const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    try {
      await app.get(MinerConfig).load();
      return await work(app);
    } finally {
      await app.close();
    }
  }
}
