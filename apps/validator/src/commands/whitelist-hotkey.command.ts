import { requireHotkey, ServiceCommand } from '@horde/commands';
import { Command } from 'nest-commander';
import { WhitelistChanges } from '../whitelist/whitelist-changes.ts';
import { ValidatorContext } from './validator-context.ts';

@Command({
  name: 'whitelist_hotkey',
  arguments: '<hotkey>',
  argsDescription: { hotkey: "a user's SS58 address" },
  description: 'take the jobs that this hotkey signs, from now on',
})
export class WhitelistHotkey extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run([hotkey = '']: string[]): Promise<void> {
    requireHotkey(hotkey);
    await this.context.use((app) => app.get(WhitelistChanges).add(hotkey, null));
    this.context.print(`Jobs signed by ${hotkey} are taken now.`);
  }
}
