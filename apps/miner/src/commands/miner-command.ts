import { Injectable } from '@nestjs/common';
import { CommandRunner } from 'nest-commander';
import { CommandContext } from './command-context.ts';

type Program = Parameters<CommandRunner['setCommand']>[0];

/** A command of the miner's operator. */
@Injectable()
export abstract class MinerCommand extends CommandRunner {
  constructor(protected readonly context: CommandContext) {
    super();
  }

  /** Mistakes in what was typed end in an error instead of the process. */
  override setCommand(command: Program): this {
    command.exitOverride().showHelpAfterError().allowExcessArguments(false);
    return super.setCommand(command);
  }
}
