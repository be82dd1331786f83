import { Injectable, Module, type Type } from '@nestjs/common';
import { FrameworkLogger, settingsHelp } from '@horde/operations';
import { SettingsError } from '@horde/settings';
import { CommandFactory, CommandRunner, CommandRunnerService, InjectCommander } from 'nest-commander';
import { CommandContext } from './command-context.ts';
import type { ServiceCommand } from './service-command.ts';
import { UsageError } from './usage-error.ts';
import { webFrameworkCommands } from './web-framework.ts';

/** The commands of a service. */
export interface CommandProgram<C extends CommandContext = CommandContext> {
  /** The service's name: `miner`. */
  name: string;
  /** What it does without a command, as a sentence. */
  description: string;
  commands: Type<ServiceCommand>[];
  /** ComputeHorde's commands that are not there, and what is instead: the rest of a sentence. */
  absent?: Record<string, string>;
  /** Named in the help. */
  settings: new () => object;
  /** What commands are given, injected under its class. */
  context: new (...parts: ConstructorParameters<typeof CommandContext>) => C;
}

/** The exit code of a process that ended because its operator did not want to wait. */
const interrupted = 130;

/**
 * Runs what was typed after the program's name.
 *
 * @param sendError takes what went wrong, and how to type it right
 * @returns the exit code: 0; 1 when it failed; 2 when what was typed or a setting is wrong; 130 when it was interrupted
 */
export async function runCommand<C extends CommandContext>(
  program: CommandProgram<C>,
  words: string[],
  context: C,
  sendError: (text: string) => void,
): Promise<number> {
  const [first = ''] = words;
  const absent = { ...webFrameworkCommands, ...program.absent };
  if (Object.hasOwn(absent, first)) {
    sendError(`There is no ${first}: ${absent[first]}.`);
    return 2;
  }
  const app = await CommandFactory.createWithoutRunning(commandsModule(program, context), {
    logger: new FrameworkLogger(context.logger),
    errorHandler: rethrow,
    serviceErrorHandler: rethrow,
    outputConfiguration: {
      writeOut: (text) => context.print(text.replace(/\n$/, '')),
      writeErr: (text) => sendError(text.replace(/\n$/, '')),
    },
  });
  try {
    await app.get(CommandRunnerService).run(['node', program.name, ...words.map(withHyphens)]);
    return context.signal.aborted ? interrupted : context.exitCode;
  } catch (error) {
    if (isOfParser(error)) return error.exitCode === 0 ? 0 : 2;
    if (context.signal.aborted) return interrupted;
    if (error instanceof SettingsError) {
      sendError(error.sentences.join('\n'));
      return 2;
    }
    sendError(error instanceof Error ? error.message : String(error));
    return error instanceof UsageError ? 2 : 1;
  } finally {
    await app.close();
  }
}

function commandsModule<C extends CommandContext>(
  { name, description, commands, settings, context: contextClass }: CommandProgram<C>,
  context: C,
): Type {
  @Injectable()
  class Program {
    constructor(@InjectCommander() program: Parameters<CommandRunner['setCommand']>[0]) {
      program
        .name(name)
        .description(`${description}\n${optionsNote}`)
        .addHelpText('after', `\n${settingsHelp(name, settings)}`)
        .showSuggestionAfterError();
    }
  }
  // Commands of one service ask for its own class, those that several share for the class that all extend.
  const contexts = [contextClass, CommandContext].map((provide) => ({ provide, useValue: context }));
  @Module({ providers: [...contexts, Program, ...commands] })
  class CommandsModule {}
  return CommandsModule;
}

const optionsNote = 'Options may be written with - or _ between their words.';

function rethrow(error: Error): never {
  throw error;
}

/** `--weights_version`, as ComputeHorde's code has it, is `--weights-version`, as its documents have it. */
const withHyphens = (word: string): string =>
  word.replace(/^--[a-z_-]+/, (option) => option.replaceAll('_', '-'));

/** Whether the parser of the command line threw it: it has said all there is to say. */
const isOfParser = (error: unknown): error is { exitCode: number } =>
  String((error as { code?: unknown } | null)?.code).startsWith('commander.');
