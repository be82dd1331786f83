import { SettingsError } from '@horde/settings';
import { ComposeFailed } from './compose.ts';
import { NoImage } from './images.ts';
import { noteTakeOver, prepare } from './prepare.ts';
import { roleOf } from './roles.ts';
import { run } from './run.ts';
import { say } from './say.ts';

// The services go on without it.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));

const [command, ...words] = process.argv.slice(2);
try {
  if (command === 'note-take-over') await noteTakeOver();
  else if (command === 'prepare') {
    const [wallet, hotkey] = words;
    const prepared = await prepare(wallet === undefined || hotkey === undefined ? null : { wallet, hotkey });
    process.stdout.write(JSON.stringify(prepared));
  } else await run(roleOf(process.env['RUNNER_OF']));
} catch (error) {
  if (error instanceof SettingsError) error.sentences.forEach(say);
  else if (error instanceof NoImage || error instanceof ComposeFailed) say(error.message);
  else say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  // The engine starts this container again, after a pause that gets longer, and it sees what .env says then.
  process.exitCode = error instanceof SettingsError ? 2 : 1;
}
