import { runCommand } from '@horde/commands';
import { createLogger } from '@horde/operations';
import { MinerContext } from '../commands/miner-context.ts';
import { minerProgram } from '../commands/program.ts';

/** A command that has ended: its exit code, what it said, and what it complained of. */
export interface CommandRun {
  exitCode: number;
  said: string;
  complained: string;
}

/** Runs a command of the miner inside the test's process, with this environment and nothing else of it. */
export async function command(
  environment: Record<string, string>,
  words: string[],
  signal = new AbortController().signal,
): Promise<CommandRun> {
  const said: string[] = [];
  const complained: string[] = [];
  const logger = createLogger('miner');
  logger.level = 'silent';
  const context = new MinerContext(environment, (text) => said.push(text), logger, signal);
  const exitCode = await runCommand(minerProgram, words, context, (text) => complained.push(text));
  return { exitCode, said: said.join('\n'), complained: complained.join('\n') };
}

/** What a miner's environment has to name, for commands that look at its database only. */
export const leastEnvironment = (databaseUrl: string): Record<string, string> => ({
  DATABASE_URL: databaseUrl,
  BITTENSOR_NETUID: '1',
  BITTENSOR_NETWORK: 'local',
  BITTENSOR_MINER_PORT: '8000',
  BITTENSOR_WALLET_NAME: 'w',
  BITTENSOR_WALLET_HOTKEY_NAME: 'h',
});
