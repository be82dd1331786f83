import 'reflect-metadata';
import { runService, type Logger } from '@horde/operations';
import { makeChain } from './chain.ts';
import { makeExecutorManager } from './executors/make-executor-manager.ts';
import { readKeypair } from './keypair.ts';
import { minerModule, type MinerParts } from './miner.module.ts';
import { MinerSettings } from './settings.ts';

const words = process.argv.slice(2);
if (words.length === 0) await serve();
else {
  // What commands need is loaded for them alone: it would slow down the start of the service.
  const { commandProcess } = await import('./commands/command-process.ts');
  await commandProcess(words);
}

async function serve(): Promise<void> {
  await runService({
    name: 'miner',
    settings: MinerSettings,
    prefixes: ['BITTENSOR_', 'DYNAMIC_'],
    module: async (settings, logger) => minerModule(settings, logger, await makeParts(settings, logger)),
    listen: ({ host, port }) => ({ host, port }),
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
