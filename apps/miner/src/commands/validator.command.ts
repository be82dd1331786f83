import { requireHotkey } from '@horde/commands';
import { LastDone } from '@horde/metrics';
import { Command } from 'nest-commander';
import { makeChain } from '../chain/make-chain.ts';
import { Validators } from '../directory/validators.ts';
import { MinerCommand } from './miner-command.ts';

const hotkeyArgument = { hotkey: "the validator's SS58 address" };

@Command({
  name: 'debug_add_validator',
  arguments: '<hotkey>',
  argsDescription: hotkeyArgument,
  description: 'make a validator active, whatever the chain says',
})
export class DebugAddValidator extends MinerCommand {
  override async run([hotkey = '']: string[]): Promise<void> {
    requireHotkey(hotkey);
    await this.context.use((app) => app.get(Validators).setByHand(hotkey, true));
    this.context.print(`The validator ${hotkey} is active from now on, whatever the chain says.`);
  }
}

@Command({ name: 'fetch_validators', description: 'read from the chain now who the validators are' })
export class FetchValidators extends MinerCommand {
  override async run(): Promise<void> {
    const chain = makeChain(this.context.settings());
    // One that is missing is dropped when two readings agree.
    const readings = [await chain.validators(), await chain.validators()] as const;
    await this.context.use(async (app) => {
      for (const { validators } of readings)
        await app.get(Validators).update(validators.map(({ hotkey }) => hotkey));
      await app.get(LastDone).note('chain');
    });
    const { validators } = readings[1];
    const { length } = validators;
    this.context.print(`The chain has ${length} validator${length === 1 ? '' : 's'}.`);
  }
}

@Command({
  name: 'blacklist_validator',
  arguments: '<hotkey>',
  argsDescription: hotkeyArgument,
  description: 'decline new jobs of a validator',
})
export class BlacklistValidator extends MinerCommand {
  override async run([hotkey = '']: string[]): Promise<void> {
    requireHotkey(hotkey);
    await this.context.use((app) => app.get(Validators).setBlacklisted(hotkey, true));
    this.context.print(`New jobs of the validator ${hotkey} are declined from now on.`);
  }
}

@Command({
  name: 'unblacklist_validator',
  arguments: '<hotkey>',
  argsDescription: hotkeyArgument,
  description: 'take jobs of a validator again',
})
export class UnblacklistValidator extends MinerCommand {
  override async run([hotkey = '']: string[]): Promise<void> {
    requireHotkey(hotkey);
    await this.context.use((app) => app.get(Validators).setBlacklisted(hotkey, false));
    this.context.print(`Jobs of the validator ${hotkey} are taken again.`);
  }
}
