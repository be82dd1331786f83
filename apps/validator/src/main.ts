import 'reflect-metadata';
import { runService } from '@horde/operations';
import { ValidatorSettings } from './settings.ts';
import { validatorModule } from './validator.module.ts';
import { whitelistHotkey } from './whitelist/whitelist-hotkey.command.ts';

const [command, ...args] = process.argv.slice(2);

if (command === 'whitelist_hotkey') {
  process.exitCode = await whitelistHotkey(args[0], process.env);
} else if (command === undefined) {
  await runService({
    name: 'validator',
    settings: ValidatorSettings,
    prefixes: ['BITTENSOR_', 'DYNAMIC_', 'FACILITATOR_', 'DEBUG_MINER_'],
    module: validatorModule,
    listen: ({ host, port }) => ({ host, port }),
  });
} else {
  process.stderr.write(
    `"${command}" is not a command of the validator. Without a command it serves; whitelist_hotkey SS58_ADDRESS\nadds a hotkey whose jobs are taken.\n`,
  );
  process.exitCode = 2;
}
