import { readFileSync } from 'node:fs';
import { validateSync } from 'class-validator';
import { writtenValue } from './written-value.ts';

/** Wrong or missing settings: one sentence for each, naming the variable. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly sentences: string[]) {
    super(sentences.join('\n'));
  }
}

type Kind = 'text' | 'number' | 'boolean' | 'list';

interface Setting {
  field: string;
  variable: string;
  kind: Kind;
  secret: boolean;
}

const settingsOfClass = new WeakMap<object, Setting[]>();

function setting(variable: string, kind: Kind, secret = false): PropertyDecorator {
  return (target, field) => {
    const own = settingsOfClass.get(target) ?? [];
    own.push({ field: String(field), variable, kind, secret });
    settingsOfClass.set(target, own);
  };
}

const givenTo = new WeakMap<object, ReadonlySet<string>>();

/** The variables that were set when these settings were read; the other fields have their defaults. */
export const givenVariables = (settings: object): ReadonlySet<string> => givenTo.get(settings) ?? new Set();

/** The settings of a class, those of its parents first. */
function settingsOf(prototype: object | null): Setting[] {
  if (!prototype) return [];
  return [
    ...settingsOf(Object.getPrototypeOf(prototype) as object | null),
    ...(settingsOfClass.get(prototype) ?? []),
  ];
}

/** A field that is read from an environment variable as text. */
export const env = (variable: string) => setting(variable, 'text');
/** As `env`, for a value that must never be shown. */
export const envSecret = (variable: string) => setting(variable, 'text', true);
/** As `env`, for a number. */
export const envNumber = (variable: string) => setting(variable, 'number');
/** As `env`, for true or false (also 1, 0, yes, no, on, off). */
export const envFlag = (variable: string) => setting(variable, 'boolean');
/** As `env`, for a list separated by commas. */
export const envList = (variable: string) => setting(variable, 'list');
/** As `envList`, for values that must never be shown. */
export const envSecretList = (variable: string) => setting(variable, 'list', true);

/** What is behind the name of a secret variable where that names a file with the value. */
export const fileEnd = '_FILE';

/**
 * What a secret variable says: by itself, or in the file that `NAME_FILE` names, which nobody sees who sees the environment.
 *
 * @returns an empty text: nothing
 * @throws SettingsError where that file cannot be read
 */
export function secretIn(environment: Record<string, string | undefined>, variable: string): string {
  const given = environment[variable];
  if (given) return given;
  const file = environment[`${variable}${fileEnd}`];
  if (!file) return '';
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SettingsError([`${variable}${fileEnd} names ${file}, which cannot be read (${code}).`]);
  }
}

/** The names of all variables that a settings class reads. */
export const variablesOf = (type: new () => object): string[] =>
  settingsOf(type.prototype as object).map(({ variable }) => variable);

/** Those of them whose values must never be shown. */
export const secretVariablesOf = (type: new () => object): ReadonlySet<string> =>
  new Set(
    settingsOf(type.prototype as object)
      .filter(({ secret }) => secret)
      .map(({ variable }) => variable),
  );

/** Those of them that have no default: each must be set. */
export function requiredVariablesOf(type: new () => object): string[] {
  const settings = new type() as Record<string, unknown>;
  const wrong = new Set(validateSync(settings).map(({ property }) => property));
  return settingsOf(type.prototype as object)
    .filter(({ field }) => wrong.has(field) && settings[field] === undefined)
    .map(({ variable }) => variable);
}

export interface LoadedSettings<T> {
  settings: T;
  /** Variables that look like ours and are not: a typing error, or of another version. */
  unknown: string[];
}

/**
 * Reads a settings class from the environment, once, at start. An empty variable counts as not set. What files and
 * editors leave around a value is left out: spaces, carriage returns, quotes that Docker passes on. A secret one may be in a file
 * that `NAME_FILE` names; where both are set, `NAME` counts.
 * @param prefixes variables that begin like this and that the class does not know are reported in `unknown`
 * @throws SettingsError with one sentence for each wrong or missing variable
 */
export function loadSettings<T extends object>(
  type: new () => T,
  environment: Record<string, string | undefined>,
  prefixes: string[] = [],
): LoadedSettings<T> {
  const settings = new type();
  const known = settingsOf(type.prototype as object);
  const sentences: string[] = [];
  const given = new Set<string>();
  for (const { field, variable, kind, secret } of known) {
    let text = environment[variable] ?? '';
    try {
      if (secret) text = secretIn(environment, variable);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      sentences.push(...error.sentences);
      continue;
    }
    const written = writtenValue(text);
    if ('odd' in written) {
      sentences.push(`${variable} is not valid: ${written.odd}.`);
      continue;
    }
    text = written.value;
    if (text === '') continue;
    given.add(variable);
    const value = parse(kind, text);
    if (value === undefined) {
      sentences.push(
        `${variable} is ${secret ? 'not valid' : `"${text}"`}: it must be ${description[kind]}.`,
      );
    } else {
      (settings as Record<string, unknown>)[field] = value;
    }
  }
  if (sentences.length === 0) {
    for (const error of validateSync(settings)) {
      const { variable, secret } = known.find(({ field }) => field === error.property)!;
      const missing = (settings as Record<string, unknown>)[error.property] === undefined;
      const rule = Object.values(error.constraints ?? {})[0]!.replace(error.property, 'it');
      const shown = secret ? 'not valid' : `"${String(error.value)}"`;
      sentences.push(
        missing ? `${variable} is not set, and it must be.` : `${variable} is ${shown}: ${rule}.`,
      );
    }
  }
  if (sentences.length > 0) throw new SettingsError(sentences);
  givenTo.set(settings, given);
  const names = new Set(
    known.flatMap(({ variable, secret }) => (secret ? [variable, `${variable}${fileEnd}`] : [variable])),
  );
  const unknown = Object.keys(environment).filter(
    (name) => prefixes.some((prefix) => name.startsWith(prefix)) && !names.has(name),
  );
  return { settings, unknown };
}

const description: Record<Kind, string> = {
  text: 'text',
  number: 'a number',
  boolean: 'true or false',
  list: 'a list separated by commas',
};

function parse(kind: Kind, text: string): unknown {
  switch (kind) {
    case 'text':
      return text;
    case 'number':
      return /^\s*[+-]?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
    case 'boolean':
      if (/^(true|1|yes|on)$/i.test(text)) return true;
      return /^(false|0|no|off)$/i.test(text) ? false : undefined;
    case 'list':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter(Boolean);
  }
}
