import { allowSlowAddresses } from '@horde/network';
import { createLogger } from '@horde/operations';
import type { CommandContext } from './command-context.ts';
import { runCommand, type CommandProgram } from './run-command.ts';

/** How long a command may take to clear up when it is interrupted. @unit ms */
const clearUpLimit = 10_000;

/** Makes this process the one of a command, to its exit code. The first Ctrl-C stops it in order, the second at once. */
export async function commandProcess<C extends CommandContext>(
  program: CommandProgram<C>,
  words: string[],
): Promise<never> {
  allowSlowAddresses();
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(130);
      stopping.abort(new Error('The command was interrupted.'));
      setTimeout(() => process.exit(130), clearUpLimit).unref();
    });
  }
  // A terminal or a pipe that is gone must not keep a command from clearing up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const logger = createLogger(program.name, process.stderr);
  if (!process.env['LOG_LEVEL']) logger.level = 'warn';
  const print = (text: string) => void process.stdout.write(`${text}\n`);
  const context = new program.context(process.env, print, logger, stopping.signal);
  const exitCode = await runCommand(
    program,
    words,
    context,
    (text) => void process.stderr.write(`${text}\n`),
  );
  process.exit(exitCode);
}
