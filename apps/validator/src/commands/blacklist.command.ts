import { requireHotkey, ServiceCommand, UsageError } from '@horde/commands';
import { Command, Option } from 'nest-commander';
import { Blacklist, maxHours } from '../blacklist/blacklist.ts';
import { ValidatorContext } from './validator-context.ts';

interface Options {
  hours?: number;
  because?: string;
}

@Command({
  name: 'blacklist_miner',
  arguments: '<hotkey>',
  argsDescription: { hotkey: "the miner's SS58 address" },
  description: 'give this miner no jobs, from now on or for some hours',
})
export class BlacklistMiner extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run([hotkey = '']: string[], { hours, because = '' }: Options): Promise<void> {
    requireHotkey(hotkey);
    await this.context.use((app) => app.get(Blacklist).addByHand(hotkey, because, hours ?? null, null));
    const until = hours === undefined ? 'until unblacklist_miner' : `for ${hours} h`;
    this.context.print(`${hotkey} gets no jobs, ${until}.`);
  }

  @Option({ flags: '--hours <number>', description: 'for how long (default: until unblacklist_miner)' })
  hours(words: string): number {
    const hours = Number(words);
    // Below a second the database has no such times.
    if (words.trim() === '' || !(hours >= 0.001) || hours > maxHours)
      throw new UsageError(`"${words}" is not a number of hours.`);
    return hours;
  }

  @Option({ flags: '--because <text>', description: 'why, for whoever reads the list' })
  because(words: string): string {
    return words;
  }
}

@Command({
  name: 'unblacklist_miner',
  arguments: '<hotkey>',
  argsDescription: { hotkey: "the miner's SS58 address" },
  description: 'give this miner jobs again, whatever it was on the blacklist for',
})
export class UnblacklistMiner extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run([hotkey = '']: string[]): Promise<void> {
    requireHotkey(hotkey);
    const wasOn = await this.context.use((app) => app.get(Blacklist).remove(hotkey, null));
    this.context.print(wasOn ? `${hotkey} is off the blacklist.` : `${hotkey} was not on the blacklist.`);
  }
}

@Command({ name: 'list_blacklist', description: 'show the miners that get no jobs, until when, and why' })
export class ListBlacklist extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run(): Promise<void> {
    const entries = await this.context.use((app) => app.get(Blacklist).all());
    if (entries.length === 0) return this.context.print('No miner is on the blacklist.');
    for (const { hotkey, reason, details, expires_at } of entries) {
      const until = expires_at ? `until ${expires_at.toISOString().slice(0, 19)}Z` : 'until it is taken off';
      this.context.print(`${hotkey}  ${reason.padEnd(11)}  ${until}${details && `  ${details}`}`);
    }
  }
}
