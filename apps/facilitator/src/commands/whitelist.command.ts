import { requireHotkey, ServiceCommand, UsageError } from '@horde/commands';
import { Command, Option } from 'nest-commander';
import { Whitelist } from '../auth/whitelist.ts';
import { FacilitatorSettings } from '../settings.ts';
import { FacilitatorContext } from './facilitator-context.ts';

/** What is typed for a quota. */
type Quota = number | 'default';

interface Options {
  maxUnfinishedJobs?: Quota;
  maxCreationsPerMinute?: Quota;
}

/** The largest number that a quota's column holds. */
const most = 2 ** 31 - 1;

@Command({
  name: 'whitelist_hotkey',
  arguments: '<hotkey>',
  argsDescription: { hotkey: "a user's SS58 address" },
  description: 'let this hotkey log in and create jobs; or change how many',
})
export class WhitelistHotkey extends ServiceCommand {
  constructor(private readonly context: FacilitatorContext) {
    super();
  }

  override async run([hotkey = '']: string[], options: Options): Promise<void> {
    requireHotkey(hotkey);
    const { maxUnfinishedJobs, maxCreationsPerMinute } = options;
    const quotas = {
      maxUnfinishedJobs: asStored(maxUnfinishedJobs),
      maxCreationsPerMinute: asStored(maxCreationsPerMinute),
    };
    await this.context.use((app) => app.get(Whitelist).add(hotkey, quotas));
    this.context.print(`${hotkey} may use this facilitator.`);
  }

  @Option({
    flags: '--max-unfinished-jobs <number>',
    description:
      'how many jobs it may have unfinished at once; 0: any number; default: as MAX_UNFINISHED_JOBS says',
  })
  maxUnfinishedJobs(words: string): Quota {
    return quota(words);
  }

  @Option({
    flags: '--max-creations-per-minute <number>',
    description:
      'how many jobs it may create in a minute; 0: any number; default: as MAX_CREATIONS_PER_MINUTE says',
  })
  maxCreationsPerMinute(words: string): Quota {
    return quota(words);
  }
}

@Command({
  name: 'unwhitelist_hotkey',
  arguments: '<hotkey>',
  argsDescription: { hotkey: "a user's SS58 address" },
  description: 'end what this hotkey may do, its logins included; its jobs go on',
})
export class UnwhitelistHotkey extends ServiceCommand {
  constructor(private readonly context: FacilitatorContext) {
    super();
  }

  override async run([hotkey = '']: string[]): Promise<void> {
    requireHotkey(hotkey);
    const wasOn = await this.context.use((app) => app.get(Whitelist).remove(hotkey));
    this.context.print(wasOn ? `${hotkey} is off the whitelist.` : `${hotkey} was not on the whitelist.`);
  }
}

@Command({ name: 'list_whitelist', description: 'show the hotkeys that may log in, and what they may do' })
export class ListWhitelist extends ServiceCommand {
  constructor(private readonly context: FacilitatorContext) {
    super();
  }

  override async run(): Promise<void> {
    const { entries, settings } = await this.context.use(async (app) => ({
      entries: await app.get(Whitelist).all(),
      settings: app.get(FacilitatorSettings),
    }));
    if (entries.length === 0) return this.context.print('No hotkey is on the whitelist.');
    for (const { hotkey, since, ...own } of entries) {
      const unfinished = shown(own.maxUnfinishedJobs, settings.maxUnfinishedJobs);
      const creations = shown(own.maxCreationsPerMinute, settings.maxCreationsPerMinute);
      const day = since.toISOString().slice(0, 10);
      this.context.print(`${hotkey}  since ${day}  unfinished jobs ${unfinished}, a minute ${creations}`);
    }
  }
}

function quota(words: string): Quota {
  if (words === 'default') return words;
  if (/^\d{1,10}$/.test(words) && Number(words) <= most) return Number(words);
  throw new UsageError(`"${words}" is neither a number of jobs nor "default".`);
}

const asStored = (quota?: Quota): number | null | undefined => (quota === 'default' ? null : quota);

const shown = (own: number | null, general: number): string => {
  const limit = own ?? general;
  return `${limit === 0 ? 'any' : limit}${own === null ? ' (default)' : ''}`;
};
