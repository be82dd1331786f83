import { requiredVariablesOf, variablesOf } from '@horde/settings';

export interface ServiceHelp {
  name: string;
  /** What it does when it is started without a command: a sentence. */
  serves: string;
  /** Its commands as they are typed, and what each does: `{ 'whitelist_hotkey HOTKEY': 'lets this key send jobs' }`. */
  commands: Record<string, string>;
  settings: new () => object;
}

/**
 * The text for `help`, `--help` or `COMMAND --help`.
 * @param words what was typed after the service's name
 * @returns null when help is not asked for, or for a command that there is not
 */
export function helpFor(words: string[], help: ServiceHelp): string | null {
  const isAsked = words[0] === 'help' || words.some((word) => word === '--help' || word === '-h');
  if (!isAsked) return null;
  const subject = words.find((word) => word !== 'help' && !word.startsWith('-'));
  if (subject === undefined) return describeService(help);
  const command = Object.entries(help.commands).find(([usage]) => usage.split(' ')[0] === subject);
  if (!command) return null;
  const [usage, does] = command;
  return `Usage: ${help.name} ${usage}\n\nIt ${does}.\n\n${settingsHelp(help.name, help.settings)}\n`;
}

function describeService({ name, serves, commands, settings }: ServiceHelp): string {
  const usages = Object.entries(commands);
  const width = Math.max(...usages.map(([usage]) => usage.length)) + 2;
  const list = usages.map(([usage, does]) => `  ${usage.padEnd(width)}${does}\n`);
  const parts = [
    `Usage: ${name}${usages.length > 0 ? ' [COMMAND]' : ''}\n\n${serves}\n`,
    ...(usages.length > 0 ? [`Commands:\n${list.join('')}`] : []),
    `${settingsHelp(name, settings)}\n`,
  ];
  return parts.join('\n');
}

/** Which settings a service has, and where they are explained. */
export function settingsHelp(name: string, settings: new () => object): string {
  const required = requiredVariablesOf(settings);
  const others = variablesOf(settings).filter((variable) => !required.includes(variable));
  return [
    'Settings are environment variables.',
    ...(required.length > 0 ? [`These must be set:\n${listed(required)}`] : []),
    `These have defaults:\n${listed(others)}`,
    `docs/settings.md#${name} tells what each means, envs/${name}/.env.template is a file to fill in.`,
  ].join('\n');
}

/** In lines of at most 100 characters. */
function listed(names: string[]): string {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + name.length < 98) lines[lines.length - 1] = `${last}, ${name}`;
    else lines.push(`  ${name}`);
  }
  return lines.join(',\n');
}
