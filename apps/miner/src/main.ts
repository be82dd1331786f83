import 'reflect-metadata';
import { becomeSoleProcess, type SoleProcess } from '@horde/database';
import { runService, type Logger } from '@horde/operations';
import { makeChain } from './chain/make-chain.ts';
import { makeExecutorManager } from './executors/make-executor-manager.ts';
import { readKeypair } from './identity/keypair.ts';
import { minerModule, type MinerParts } from './miner.module.ts';
import { MinerSettings } from './settings.ts';

const words = process.argv.slice(2);
if (words.length === 0) await serve();
else {
  // What commands need is loaded for them alone: it would slow down the start of the service.
  const { commandProcess } = await import('@horde/commands');
  const { minerProgram } = await import('./commands/program.ts');
  await commandProcess(minerProgram, words);
}

async function serve(): Promise<void> {
  await runService({
    name: 'miner',
    settings: MinerSettings,
    prefixes: ['BITTENSOR_', 'DYNAMIC_'],
    module: async (settings, logger) => {
      const parts = await makeParts(settings, logger);
      const sole = await becomeSoleMiner(settings, logger);
      return minerModule(settings, logger, { ...parts, sole });
    },
    listen: ({ host, port }) => ({ host, port }),
  });
}

/** Who is connected and who is warm is known to one process: two at once would end each other's jobs. */
function becomeSoleMiner({ databaseUrl: url }: MinerSettings, logger: Logger): Promise<SoleProcess> {
  return becomeSoleProcess({
    service: 'miner',
    url,
    onWait: () =>
      logger.warn('another miner process uses this database: this one starts when that has ended'),
    onLost: () => {
      logger.fatal('another miner process has taken over this database: this one ends');
      process.exit(1);
    },
  });
}

async function makeParts(settings: MinerSettings, logger: Logger): Promise<MinerParts> {
  const keypair = await readKeypair(settings, logger);
  logger.info({ hotkey: keypair.address }, 'hotkey read');
  return {
    keypair,
    chain: makeChain(settings),
    manager: await makeExecutorManager(settings, process.env, logger),
  };
}
