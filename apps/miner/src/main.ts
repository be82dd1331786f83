import 'reflect-metadata';
import { readHotkey, walletHotkeyPath } from '@horde/identity';
import { runService, type Logger } from '@horde/operations';
import { makeChain } from './chain.ts';
import { commands } from './commands.ts';
import { makeExecutorManager } from './executors/make-executor-manager.ts';
import { commandModule, minerModule, type MinerParts } from './miner.module.ts';
import { MinerSettings } from './settings.ts';

const [name, ...words] = process.argv.slice(2);
if (name === undefined) await serve();
else await runCommand(name, words);

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
  const warnings: string[] = [];
  const file = walletHotkeyPath({
    directory: settings.walletDirectory,
    wallet: settings.walletName,
    hotkey: settings.walletHotkeyName,
  });
  const keypair = await readHotkey(file, warnings);
  for (const warning of warnings) logger.warn(warning);
  logger.info({ hotkey: keypair.address }, 'hotkey read');
  return { keypair, chain: makeChain(settings), manager: makeExecutorManager(settings, process.env) };
}

async function runCommand(name: string, words: string[]): Promise<void> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command || words.length !== command.arguments) {
    const usages = command ? [command.usage] : Object.values(commands).map(({ usage }) => usage);
    process.stderr.write(`usage: miner [${usages.join(' | ')}]\n`);
    process.exit(2);
  }
  await runService({
    name: 'miner',
    settings: MinerSettings,
    module: commandModule,
    started: async (app, settings) => {
      let exitCode = 0;
      try {
        process.stdout.write(`${await command.run(app, settings, words)}\n`);
      } catch (error) {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        exitCode = 1;
      }
      await app.close();
      process.exit(exitCode);
    },
  });
}
