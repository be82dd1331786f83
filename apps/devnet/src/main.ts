import 'reflect-metadata';
import { helpFor, runService } from '@horde/operations';
import { devnetModule } from './devnet.module.ts';
import { openLedger } from './ledger/ledger.ts';
import { openLog } from './ledger/open-log.ts';
import { applySubnetFile } from './management/subnet-file.ts';
import { DevnetSettings } from './settings.ts';

const words = process.argv.slice(2);
const help = helpFor(words, {
  name: 'devnet',
  serves: 'A chain for one machine, behind the HTTP API that Pylon has. It serves.',
  commands: {},
  settings: DevnetSettings,
});
if (help !== null) {
  process.stdout.write(help);
  process.exit(0);
}
if (words.length > 0) {
  process.stderr.write(
    `The devnet has no commands, and no options: "${words.join(' ')}" means nothing to it.\n`,
  );
  process.exit(2);
}

await runService({
  name: 'devnet',
  settings: DevnetSettings,
  prefixes: ['DEVNET_'],
  module: async (settings, logger) => {
    const log = await openLog(settings);
    const ledger = await openLedger(log, settings);
    if (settings.subnetFile !== undefined) await applySubnetFile(settings.subnetFile, ledger);
    logger.info({ kept: log.name, block: ledger.clock.latest().number }, 'the chain goes on');
    return devnetModule(settings, ledger, logger);
  },
  listen: ({ host, port }) => ({ host, port }),
});
