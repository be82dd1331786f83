import { describe, expect, it } from 'vitest';
import type { HordeCommand } from './horde-command.ts';
import { hordeProgram } from './program.ts';

const all = (command: HordeCommand): HordeCommand[] => [
  command,
  ...command.commands.flatMap((sub) => all(sub as HordeCommand)),
];
const pathOf = (command: HordeCommand): string =>
  command.parent ? `${pathOf(command.parent as HordeCommand)} ${command.name()}` : command.name();

/** What a command's help shows, to the last line. */
function helpOf(command: HordeCommand): string {
  let shown = '';
  command.configureOutput({ writeOut: (text) => (shown += text), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return shown;
}

const users = all(hordeProgram(false)).slice(1);

describe('the help of every command of a user', () => {
  it.each(users.map((command) => [pathOf(command), command] as const))(
    '%s has an example, and fits into 80 columns',
    (path, command) => {
      const help = helpOf(command);
      expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
      const examples = help.split('Examples:\n')[1] ?? '';
      expect(examples.split('\n').filter((line) => line.startsWith(`  ${path}`))).not.toEqual([]);
    },
  );
});

it('outside of a checkout there is nothing that needs one', () => {
  expect(hordeProgram(false).commands.map((command) => command.name())).not.toContain('up');
  expect(hordeProgram(true).commands.map((command) => command.name())).toContain('up');
});
