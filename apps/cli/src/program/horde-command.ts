import { Command } from 'commander';
import { self } from './self.ts';

type ErrorOptions = Parameters<Command['error']>[1];

/** A command whose errors end with how it is typed, and whose help ends with examples. */
export class HordeCommand extends Command {
  override createCommand(name?: string): HordeCommand {
    return new HordeCommand(name);
  }

  override error(message: string, options?: ErrorOptions): never {
    const help = this.createHelp();
    const path = help.commandUsage(this).split(' [')[0];
    return super.error(
      `${message}\nUsage: ${help.commandUsage(this)}\nMore, with examples: ${path} --help`,
      options,
    );
  }

  /** Lines that work as they stand, shown at the end of the help. Each begins with `horde`. */
  examples(...lines: string[]): this {
    const typed = lines.map((line) => `  ${line.replace(/^horde\b/, self)}`);
    return this.addHelpText('after', `\nExamples:\n${typed.join('\n')}`);
  }
}
