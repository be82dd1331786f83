import { Injectable } from '@nestjs/common';
import { CommandRunner } from 'nest-commander';

type Program = Parameters<CommandRunner['setCommand']>[0];

/** A command of a service's operator: `./horde run SERVICE NAME`. Its `@Command` has name, arguments and description. */
@Injectable()
export abstract class ServiceCommand extends CommandRunner {
  /** Mistakes in what was typed end in an error instead of the process. */
  override setCommand(command: Program): this {
    command.exitOverride().showHelpAfterError().allowExcessArguments(false);
    return super.setCommand(command);
  }
}
