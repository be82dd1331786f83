import { Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { CHAIN, type Chain } from '@horde/chain';
import { DatabaseModule } from '@horde/database';
import { isSs58 } from '@horde/identity';
import { HealthModule, type Logger } from '@horde/operations';
import { Whitelist } from './auth/whitelist.ts';
import { databaseOptions } from './database.ts';
import { commonProviders } from './facilitator.module.ts';
import type { FacilitatorSettings } from './settings.ts';
import { ValidatorDirectory } from './validators/validator-directory.ts';

/** Does one thing and returns what to tell the person who asked for it. */
type Command = (app: INestApplicationContext, argument: string | undefined) => Promise<string>;

/** A command was not called as it must be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** ComputeHorde's management commands: `main.mjs whitelist_hotkey 5F…`. */
export const commands: Record<string, Command> = {
  async whitelist_hotkey(app, argument) {
    const hotkey = hotkeyOf(argument);
    await app.get(Whitelist).add(hotkey);
    return `${hotkey} may use this facilitator.`;
  },

  async debug_add_validator(app, argument) {
    const hotkey = hotkeyOf(argument);
    await app.get(ValidatorDirectory).pin(hotkey);
    return `${hotkey} is an active validator, whatever the chain says.`;
  },

  async sync_metagraph(app) {
    const { block, validators } = await app.get<Chain>(CHAIN).validators();
    if (validators.length === 0) return 'The chain names no validators: those known so far stay.';
    await app.get(ValidatorDirectory).replace(validators.map(({ hotkey }) => hotkey));
    return `Validators on the chain at block ${block.number}: ${validators.length}.`;
  },
};

/** How each is typed, and what it does. */
export const commandsHelp: Record<string, string> = {
  'whitelist_hotkey HOTKEY': 'lets this key send jobs',
  'debug_add_validator HOTKEY': 'makes a validator active, whatever the chain says',
  sync_metagraph: 'reads from the chain now who the validators are',
};

function hotkeyOf(argument: string | undefined): string {
  if (argument && isSs58(argument)) return argument;
  throw new UsageError(
    argument ? `"${argument}" is not an ss58 address.` : 'Name a hotkey: its ss58 address.',
  );
}

/** What commands need: no HTTP, no queues, no connections. */
@Module({})
export class CommandModule {
  static with(settings: FacilitatorSettings, logger: Logger): DynamicModule {
    return {
      module: CommandModule,
      imports: [HealthModule.forRoot(), DatabaseModule.forRoot(databaseOptions(settings.databaseUrl))],
      providers: commonProviders(settings, logger),
    };
  }
}
