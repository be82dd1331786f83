import 'reflect-metadata';
import { helpFor, runService } from '@horde/operations';
import { CommandModule, commands, commandsHelp, UsageError } from './commands.ts';
import { FacilitatorModule } from './facilitator.module.ts';
import { FacilitatorSettings } from './settings.ts';

const words = process.argv.slice(2);
const help = helpFor(words, {
  name: 'facilitator',
  serves: 'Takes jobs from users over HTTP, and passes them on to validators. Without a command it serves.',
  commands: commandsHelp,
  settings: FacilitatorSettings,
});
if (help !== null) {
  process.stdout.write(help);
  process.exit(0);
}
const [name, argument] = words;
const command = name === undefined ? null : commands[name];

if (command === undefined) {
  const known = Object.keys(commands).join(', ');
  process.stderr.write(
    `The facilitator knows no command "${name}". Without one it serves; it knows ${known}.\n`,
  );
  process.exit(2);
}

if (command === null) {
  await runService({
    name: 'facilitator',
    settings: FacilitatorSettings,
    prefixes: ['BITTENSOR_', 'NONCE_', 'JWT_'],
    module: (settings, logger) => FacilitatorModule.with(settings, logger),
    listen: ({ host, port }) => ({ host, port }),
  });
} else {
  await runService({
    name: 'facilitator',
    settings: FacilitatorSettings,
    module: (settings, logger) => CommandModule.with(settings, logger),
    async started(app) {
      try {
        process.stdout.write(`${await command(app, argument)}\n`);
      } catch (error) {
        process.exitCode = error instanceof UsageError ? 2 : 1;
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      }
      await app.close();
      process.exit();
    },
  });
}
