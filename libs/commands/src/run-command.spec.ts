import { createLogger } from '@horde/operations';
import { SettingsError } from '@horde/settings';
import { Command } from 'nest-commander';
import { describe, expect, it } from 'vitest';
import { CommandContext } from './command-context.ts';
import { runCommand } from './run-command.ts';
import { ServiceCommand } from './service-command.ts';
import { requireHotkey } from './usage-error.ts';

@Command({ name: 'greet_key', arguments: '<hotkey>', description: 'say hello to a key' })
class GreetKey extends ServiceCommand {
  constructor(private readonly context: CommandContext) {
    super();
  }

  override async run([hotkey = '']: string[]): Promise<void> {
    requireHotkey(hotkey);
    this.context.print(`Hello, ${hotkey}.`);
  }
}

@Command({ name: 'fail_with', arguments: '<what>', description: 'fail' })
class FailWith extends ServiceCommand {
  override async run([what]: string[]): Promise<void> {
    throw what === 'settings'
      ? new SettingsError(['DATABASE_URL is not set.'])
      : new Error('The disk is full.');
  }
}

const hotkey = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';

async function type(...words: string[]) {
  const printed: string[] = [];
  const errors: string[] = [];
  const stopping = new AbortController();
  const context = new CommandContext({}, (text) => printed.push(text), createLogger('spec'), stopping.signal);
  const program = {
    name: 'spec',
    description: 'Serves nobody.',
    commands: [GreetKey, FailWith],
    settings: class {},
    context: CommandContext,
  };
  const code = await runCommand(program, words, context, (text) => errors.push(text));
  return { code, printed: printed.join('\n'), errors: errors.join('\n') };
}

describe('a command of a service', () => {
  it('prints what it says, and ends with 0', async () => {
    expect(await type('greet_key', hotkey)).toEqual({ code: 0, printed: `Hello, ${hotkey}.`, errors: '' });
  });

  it('that does not exist ends with 2, and the nearest name', async () => {
    const { code, errors } = await type('great_key', hotkey);
    expect(code).toBe(2);
    expect(errors).toContain("unknown command 'great_key'");
    expect(errors).toContain('greet_key');
  });

  it('with a wrong or a missing argument ends with 2, and says which', async () => {
    expect(await type('greet_key', '5Nobody')).toMatchObject({
      code: 2,
      errors: '"5Nobody" is not an SS58 address.',
    });
    expect(await type('greet_key')).toMatchObject({ code: 2, errors: expect.stringContaining('hotkey') });
    expect(await type('greet_key', hotkey, 'more')).toMatchObject({ code: 2 });
  });

  it('that meets a wrong setting ends with 2, one that fails with 1, with a sentence each', async () => {
    expect(await type('fail_with', 'settings')).toMatchObject({
      code: 2,
      errors: 'DATABASE_URL is not set.',
    });
    expect(await type('fail_with', 'disk')).toMatchObject({ code: 1, errors: 'The disk is full.' });
  });

  it.each([['--help'], ['help'], ['greet_key', '--help']])('shows its help for %s', async (...words) => {
    const { code, printed } = await type(...words);
    expect(code).toBe(0);
    expect(printed).toContain('Usage: spec');
    expect(printed).toContain('greet_key');
  });
});
