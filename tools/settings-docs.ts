/**
 * Writes docs/settings.md and envs/SERVICE/.env.template from the settings classes, whose comments, types and
 * defaults are the only source. With --check it writes nothing and fails when a file is not up to date.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { unreadVariables } from '../libs/settings/src/unread-variables.ts';

interface Setting {
  variable: string;
  secret: boolean;
  text: string;
  unit: string | null;
  /** null: it must be set. */
  default: string | null;
}

const services = ['facilitator', 'validator', 'miner', 'executor', 'devnet'];

/** What several services share: their settings classes extend these. */
const shared = classesOf('libs/settings/src/service-settings.ts');

function classesOf(file: string): ts.ClassDeclaration[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true);
  return source.statements.filter(ts.isClassDeclaration);
}

/** The settings of a class and of those that it extends; one that is declared again replaces its parent's. */
function settingsOf(declaration: ts.ClassDeclaration): Setting[] {
  const parentName = declaration.heritageClauses?.[0]?.types[0]?.expression.getText();
  const parent = shared.find(({ name }) => name?.text === parentName);
  const all = new Map((parent ? settingsOf(parent) : []).map((setting) => [setting.variable, setting]));
  for (const setting of declaration.members.filter(ts.isPropertyDeclaration).flatMap(settingOf)) {
    all.set(setting.variable, setting);
  }
  return [...all.values()];
}

function settingOf(property: ts.PropertyDeclaration): Setting[] {
  for (const decorator of ts.getDecorators(property) ?? []) {
    const call = decorator.expression;
    if (!ts.isCallExpression(call)) continue;
    const [variable] = call.arguments;
    const name = call.expression.getText();
    if (!name.startsWith('env') || !variable || !ts.isStringLiteral(variable)) continue;
    const comment = ts.getJSDocCommentsAndTags(property).find(ts.isJSDoc);
    const tag = (wanted: string) =>
      comment?.tags
        ?.filter(({ tagName }) => tagName.text === wanted)
        .map((found) => textOf(found.comment))[0] ?? null;
    return [
      {
        variable: variable.text,
        secret: name.startsWith('envSecret'),
        text: textOf(comment?.comment),
        unit: tag('unit'),
        default: tag('default') ?? defaultOf(property),
      },
    ];
  }
  return [];
}

const textOf = (comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string =>
  (ts.getTextOfJSDocComment(comment) ?? '').replace(/\s+/g, ' ').trim();

function defaultOf({ initializer, questionToken }: ts.PropertyDeclaration): string | null {
  if (!initializer) return questionToken ? 'not set' : null;
  const text = initializer.getText();
  if (text === 'null' || text === '[]') return 'not set';
  return text.replace(/^'(.*)'$/s, '$1').replace(/(?<=\d)_(?=\d)/g, '');
}

/** The keys of a service's dynamic configuration that are no variables of its environment. */
function keysOf(service: string, variables: Set<string>): Setting[] {
  const file = `apps/${service}/src/dynamic-config/${service}-config.ts`;
  if (!existsSync(file)) return [];
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true);
  const found: Setting[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && /^[A-Z_\d]+$/.test(node.name.getText())) {
      const variable = node.name.getText();
      if (!variables.has(variable)) found.push({ variable, secret: false, ...spoken(node) });
    } else ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What a key's maker is called with: its default, and its words. */
function spoken(key: ts.PropertyAssignment): Pick<Setting, 'text' | 'unit' | 'default'> {
  const [initial, words] = ts.isCallExpression(key.initializer) ? key.initializer.arguments : [];
  const word = (name: string): string | null => {
    if (!words || !ts.isObjectLiteralExpression(words)) return null;
    const found = words.properties.find((one) => one.name?.getText() === name);
    return found && ts.isPropertyAssignment(found) && ts.isStringLiteralLike(found.initializer)
      ? found.initializer.text
      : null;
  };
  return {
    text: word('help') ?? '',
    unit: word('unit'),
    default: (initial?.getText() ?? '').replace(/^'(.*)'$/s, '$1').replace(/(?<=\d)(_(?=\d)|n$)/g, ''),
  };
}

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
  const settings = classesOf(`apps/${service}/src/settings.ts`).flatMap(settingsOf);
  const keys = keysOf(service, new Set(settings.map(({ variable }) => variable)));
  sections.push(describe(service, settings, keys));
  files.set(`envs/${service}/.env.template`, template(service, settings));
}
files.set(
  'docs/settings.md',
  `# Settings\n\nEach service reads its settings once, at start, from its environment. A wrong or missing one is a sentence that\nnames the variable, and exit code 2. The names are those that ComputeHorde's operators use; this page is written by\n\`./horde docs\` from the services' settings classes.\n\n${[...sections, describeUnread()].join('\n')}`,
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
