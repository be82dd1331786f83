import { existsSync, readFileSync } from 'node:fs';
import ts from 'typescript';

/** A setting, as its class says it. */
export interface Setting {
  variable: string;
  secret: boolean;
  text: string;
  unit: string | null;
  /** null: it must be set. */
  default: string | null;
}

/** The services that have settings. */
export const services = ['facilitator', 'validator', 'miner', 'executor', 'devnet'];

/** What several services share: their settings classes extend these. */
const shared = classesOf('libs/settings/src/service-settings.ts');

function classesOf(file: string): ts.ClassDeclaration[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true);
  return source.statements.filter(ts.isClassDeclaration);
}

/** What a service reads from its environment. */
export const settingsOfService = (service: string): Setting[] =>
  classesOf(`apps/${service}/src/settings.ts`).flatMap(settingsOf);

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
export function keysOf(service: string, variables: Set<string>): Setting[] {
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
