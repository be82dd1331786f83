import 'reflect-metadata';
import { runService } from '@horde/operations';
import { FacilitatorModule } from './facilitator.module.ts';
import { FacilitatorSettings } from './settings.ts';

const words = process.argv.slice(2);
if (words.length === 0) {
  await runService({
    name: 'facilitator',
    settings: FacilitatorSettings,
    prefixes: ['BITTENSOR_', 'NONCE_', 'JWT_'],
    module: (settings, logger) => FacilitatorModule.with(settings, logger),
    listen: ({ host, port }) => ({ host, port }),
  });
} else {
  // What commands need is loaded for them alone: it would slow down the start of the service.
  const { commandProcess } = await import('@horde/commands');
  const { facilitatorProgram } = await import('./commands/program.ts');
  await commandProcess(facilitatorProgram, words);
}
