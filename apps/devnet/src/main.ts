import 'reflect-metadata';
import { runService } from '@horde/operations';
import { devnetModule } from './devnet.module.ts';
import { openLedger } from './ledger/ledger.ts';
import { DevnetSettings } from './settings.ts';

await runService({
  name: 'devnet',
  settings: DevnetSettings,
  prefixes: ['DEVNET_'],
  module: async (settings, logger) => {
    const ledger = await openLedger(settings);
    logger.info({ file: settings.stateFile, block: ledger.clock.latest().number }, 'the chain goes on');
    return devnetModule(settings, ledger, logger);
  },
  listen: ({ host, port }) => ({ host, port }),
});
