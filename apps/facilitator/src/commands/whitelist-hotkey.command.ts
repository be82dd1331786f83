import { requireHotkey, ServiceCommand } from '@horde/commands';
import { Command } from 'nest-commander';
import { Whitelist } from '../auth/whitelist.ts';
import { FacilitatorContext } from './facilitator-context.ts';

@Command({
  name: 'whitelist_hotkey',
  arguments: '<hotkey>',
  argsDescription: { hotkey: "a user's SS58 address" },
  description: 'let this hotkey log in and create jobs',
})
export class WhitelistHotkey extends ServiceCommand {
  constructor(private readonly context: FacilitatorContext) {
    super();
  }

  override async run([hotkey = '']: string[]): Promise<void> {
    requireHotkey(hotkey);
    await this.context.use((app) => app.get(Whitelist).add(hotkey));
    this.context.print(`${hotkey} may use this facilitator.`);
  }
}
