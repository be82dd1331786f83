import { FrameworkLogger } from '@horde/operations';
import { SettingsError } from '@horde/settings';
import { CommandFactory, CommandRunnerService } from 'nest-commander';
import { CommandContext } from './command-context.ts';
import { commandsModule } from './command.module.ts';
import { UsageError } from './usage-error.ts';

/** The exit code of a process that ended because its operator did not want to wait. */
const interrupted = 130;

/**
 * Runs what was typed after the program's name.
 *
 * @param complain takes what went wrong, and how to type it right
 * @returns the exit code: 0; 1 when it failed; 2 when what was typed or a setting is wrong; 130 when it was interrupted
 */
export async function runCommand(
  words: string[],
  context: CommandContext,
  complain: (text: string) => void,
): Promise<number> {
  const app = await CommandFactory.createWithoutRunning(commandsModule(context), {
    logger: new FrameworkLogger(context.logger),
    errorHandler: rethrow,
    serviceErrorHandler: rethrow,
    outputConfiguration: {
      writeOut: (text) => context.print(text.replace(/\n$/, '')),
      writeErr: (text) => complain(text.replace(/\n$/, '')),
    },
  });
  try {
    await app.get(CommandRunnerService).run(['node', 'miner', ...words.map(withHyphens)]);
    return context.signal.aborted ? interrupted : context.exitCode;
  } catch (error) {
    if (isOfParser(error)) return error.exitCode === 0 ? 0 : 2;
    if (context.signal.aborted) return interrupted;
    if (error instanceof SettingsError) {
      complain(error.sentences.join('\n'));
      return 2;
    }
    complain(error instanceof Error ? error.message : String(error));
    return error instanceof UsageError ? 2 : 1;
  } finally {
    await app.close();
  }
}

function rethrow(error: Error): never {
  throw error;
}

/** `--weights_version`, as ComputeHorde's code has it, is `--weights-version`, as its documents have it. */
const withHyphens = (word: string): string =>
  word.replace(/^--[a-z_-]+/, (option) => option.replaceAll('_', '-'));

/** Whether the parser of the command line threw it: it has said all there is to say. */
const isOfParser = (error: unknown): error is { exitCode: number } =>
  String((error as { code?: unknown } | null)?.code).startsWith('commander.');
