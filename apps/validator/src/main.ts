import 'reflect-metadata';
import { runService } from '@horde/operations';
import { ValidatorSettings } from './settings.ts';
import { validatorModule } from './validator.module.ts';

const words = process.argv.slice(2);
if (words.length === 0) {
  await runService({
    name: 'validator',
    settings: ValidatorSettings,
    prefixes: ['BITTENSOR_', 'DYNAMIC_', 'FACILITATOR_', 'DEBUG_MINER_'],
    module: validatorModule,
    listen: ({ host, port }) => ({ host, port }),
  });
} else {
  // What commands need is loaded for them alone: it would slow down the start of the service.
  const { commandProcess } = await import('@horde/commands');
  const { validatorProgram } = await import('./commands/program.ts');
  await commandProcess(validatorProgram, words);
}
