/**
 * Writes docs/settings.md and envs/SERVICE/.env.template from the settings classes, whose comments, types and
 * defaults are the only source. With --check it writes nothing and fails when a file is not up to date.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { unreadVariables } from '../libs/settings/src/unread-variables.ts';
import { keysOf, services, settingsOfService, type Setting } from './settings/read-settings.ts';

function describe(service: string, settings: Setting[], keys: Setting[]): string {
  const table = (rows: Setting[], head: string) =>
    rows.length === 0 ? [] : [`| ${head} | default | meaning |`, '| --- | --- | --- |', ...rows.map(row), ''];
  const intro =
    'These change while the service runs: in the panel, by `set_dynamic_config KEY JSON`, or by a document at `DYNAMIC_CONFIG_URL`.';
  return [
    `## ${service}`,
    '',
    ...table(settings, 'variable'),
    ...(keys.length > 0 ? [intro, '', ...table(keys, 'key')] : []),
  ].join('\n');
}

function row({ variable, secret, text, unit, default: value }: Setting): string {
  const meaning = [text, unit && `In ${unit}.`, secret && 'Never shown.'].filter(Boolean).join(' ');
  return `| \`${variable}\` | ${value === null ? '**required**' : `\`${value || '(empty)'}\``} | ${meaning.replaceAll('|', '\\|')} |`;
}

function template(service: string, settings: Setting[]): string {
  const entries = settings.map(({ variable, text, unit, default: value }) => {
    const inWords = value !== null && value !== 'not set' && /\s/.test(value);
    const comment = [text, unit && `(${unit})`, inWords && `Without it: ${value}.`].filter(Boolean).join(' ');
    const line =
      value === null ? `${variable}=` : `#${variable}=${inWords || value === 'not set' ? '' : value}`;
    return `${comment ? `# ${comment}\n` : ''}${line}\n`;
  });
  const head =
    `# Settings of the ${service}. A line that is commented out shows the default; the others must be set.\n` +
    `# A shell reads it, too: set -a; . ./this-file; set +a. Quote values with blanks, and keep secrets in mode 0600.\n`;
  return [head, ...entries].join('\n');
}

/** What an operator who comes from ComputeHorde sets in vain, and why. */
function describeUnread(): string {
  const rows = unreadVariables.map(
    ({ names, services: of, why }) =>
      `| ${names.map((name) => `\`${name}\``).join(', ')} | ${of.join(', ')} | ${why} |`,
  );
  return [
    "## ComputeHorde's variables that are not read",
    '',
    "All others that ComputeHorde's services read have the same name and meaning here. A service that finds one of these set",
    'says so when it starts.',
    '',
    '| variable | of | why |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

const files = new Map<string, string>();
const sections: string[] = [];
for (const service of services) {
  const settings = settingsOfService(service);
  const keys = keysOf(service, new Set(settings.map(({ variable }) => variable)));
  sections.push(describe(service, settings, keys));
  files.set(`envs/${service}/.env.template`, template(service, settings));
}
// What the runner reads stands in the .env of the service that it starts.
sections.push(describe('runner', settingsOfService('runner'), []));
files.set(
  'docs/settings.md',
  `# Settings\n\nEach service reads its settings once, at start, from its environment. A wrong or missing one is a sentence that\nnames the variable, and exit code 2. The names are those that ComputeHorde's operators use; this page is written by\n\`./horde docs\` from the services' settings classes.\n\nWhat is never shown may be in a file instead, as Docker mounts secrets: \`NAME_FILE\` names it, \`DATABASE_URL_FILE\` for\n\`DATABASE_URL\`. Where both are set, \`NAME\` counts.\n\n${[...sections, describeUnread()].join('\n')}`,
);

const check = process.argv.includes('--check');
let stale = false;
for (const [file, text] of files) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  stale = true;
  if (check) {
    console.error(`${file} is not up to date: run ./horde docs.`);
  } else {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${file}`);
  }
}
process.exit(check && stale ? 1 : 0);
