import type { Argument, Command, Option } from 'commander';

/** The values that options and arguments take, such as `--class` and `job`; those with choices of their own need none here. */
export type Values = Record<string, readonly string[]>;

/**
 * What can stand in place of the last word.
 *
 * @param words behind the program's name, the last of them begun only: perhaps empty
 * @returns none where it is a file's name, or anything
 */
export function candidates(program: Command, words: readonly string[], values: Values): string[] {
  // Bash tells `--class=always` in three words.
  const typed = words.filter((word, index) => word !== '=' || index === words.length - 1);
  const current = typed.at(-1) === '=' ? '' : (typed.at(-1) ?? '');
  const done = typed.slice(0, -1);
  if (done.includes('--')) return [];
  const { command, option, position } = placeAfter(program, done);
  const begun = (all: readonly string[], start = '') =>
    all.map((word) => start + word).filter((word) => word.startsWith(current));
  if (option) return begun(valuesOf(option, values));
  const [, start, name] = /^((--[\w-]+)=)/.exec(current) ?? [];
  const assigned = command.options.find(({ long }) => long === name);
  if (assigned && start) return begun(valuesOf(assigned, values), start);
  if (current.startsWith('-')) return begun([...command.options.flatMap(({ long }) => long ?? []), '--help']);
  if (command.commands.length > 0) return begun(namesOf(command));
  const argument = command.registeredArguments[position];
  return argument ? begun(valuesOf(argument, values)) : [];
}

const namesOf = (command: Command): string[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((sub) => sub.name());

const valuesOf = (taker: Option | Argument, values: Values): readonly string[] =>
  taker.argChoices ?? values[('long' in taker ? taker.long : taker.name()) ?? ''] ?? [];

/** Where a line has come to: its command, the option whose value comes next, and which of the command's arguments does. */
function placeAfter(program: Command, done: readonly string[]) {
  let command = program;
  let option: Option | undefined;
  let position = 0;
  for (const word of done) {
    if (option) option = undefined;
    else if (word.startsWith('-'))
      option = command.options.find(({ long, required }) => long === word && required);
    else {
      const sub = command.commands.find((one) => one.name() === word);
      if (sub) command = sub;
      else position++;
    }
  }
  return { command, option, position };
}
