import type { INestApplicationContext } from '@nestjs/common';
import { isSs58 } from '@horde/identity';
import { makeChain } from './chain.ts';
import type { MinerSettings } from './settings.ts';
import { Validators } from './validators/validators.ts';

/** A command of the miner's operator. Returns what it has to say. */
type Command = (app: INestApplicationContext, settings: MinerSettings, words: string[]) => Promise<string>;

/** What is typed after the program's name, under ComputeHorde's names. */
export const commands: Record<string, { usage: string; arguments: number; run: Command }> = {
  debug_add_validator: {
    usage: 'debug_add_validator HOTKEY',
    arguments: 1,
    run: async (app, _settings, [hotkey = '']) => {
      if (!isSs58(hotkey)) throw new Error(`"${hotkey}" is not an SS58 address.`);
      await app.get(Validators).addDebug(hotkey);
      return `The validator ${hotkey} is active from now on, whatever the chain says.`;
    },
  },
  fetch_validators: {
    usage: 'fetch_validators',
    arguments: 0,
    run: async (app, settings) => {
      const { validators } = await makeChain(settings).validators();
      await app.get(Validators).replace(validators.map(({ hotkey }) => hotkey));
      return `The chain has ${validators.length} validators.`;
    },
  },
};
