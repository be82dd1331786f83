import { type ExecutorClass, isExecutorClass } from '@horde/protocol';
import { ValidateBy, type ValidationOptions } from 'class-validator';

/** Reads one value of a setting. Undefined: it is none. */
type Reader<T> = (text: string) => T | undefined;

/** A setting whose value may differ between executor classes. */
interface PerClass<T> {
  classes: Map<ExecutorClass, T>;
  /** For the classes that are not named; undefined: the default. */
  others: T | undefined;
}

/**
 * Reads a setting that is either one value for all executor classes or `class=value,class=value,*=value`, where `*`
 * stands for the classes that are not named.
 *
 * @returns a sentence's end (`it must …`) when the text is neither
 */
function readPerClass<T>(text: string, read: Reader<T>, what: string): PerClass<T> | string {
  const result: PerClass<T> = { classes: new Map(), others: undefined };
  if (!text.includes('=')) {
    result.others = read(text.trim());
    return result.others === undefined ? `it must be ${what}` : result;
  }
  const seen = new Set<string>();
  for (const pair of text.split(',').map((part) => part.trim())) {
    const at = pair.indexOf('=');
    const [name, word] = at < 0 ? [pair, ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    if (at < 0 || (name !== '*' && !isExecutorClass(name!)))
      return `it must name an executor class or * before each "=", and "${name}" is neither`;
    if (seen.has(name)) return `it must name ${name} only once`;
    seen.add(name);
    const value = read(word);
    if (value === undefined) return `it must be ${what} for ${name}`;
    if (name === '*') result.others = value;
    else result.classes.set(name as ExecutorClass, value);
  }
  return result;
}

/** The value for one class; undefined: the default. The text has been checked by `IsPerClass`. */
export function valueFor<T>(text: string | null, kind: Kind<T>, name: ExecutorClass): T | undefined {
  if (text === null) return undefined;
  const values = readPerClass(text, kind.read, kind.what);
  if (typeof values === 'string') throw new Error(values);
  return values.classes.get(name) ?? values.others;
}

/** What a setting's values are. */
export interface Kind<T> {
  read: Reader<T>;
  /** After "it must be": what a value looks like. */
  what: string;
}

const powers = ['', 'k', 'm', 'g', 't'];

/** A number of bytes: plain, or with k, m, g or t behind it, each 1024 times the one before. */
export const size: Kind<number> = {
  what: 'a size above 0 in bytes such as 1073741824, 512m or 8g',
  read: (text) => {
    const parts = /^(?<count>\d+(\.\d+)?)(?<unit>[kmgt]?)(i?b)?$/i.exec(text)?.groups;
    if (!parts) return undefined;
    const bytes = Math.round(Number(parts['count']) * 1024 ** powers.indexOf(parts['unit']!.toLowerCase()));
    return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
  },
};

/** As `size`, of memory: Docker makes no container with less than 6 MiB. */
export const memory: Kind<number> = {
  what: 'a size in bytes such as 1073741824, 512m or 8g, and at least 6m',
  read: (text) => {
    const bytes = size.read(text);
    return bytes !== undefined && bytes >= 6 * 1024 ** 2 ? bytes : undefined;
  },
};

/** A number of processors, fractions allowed; Docker knows none below a hundredth. */
export const processors: Kind<number> = {
  what: 'a number of processors from 0.01 on such as 4 or 1.5',
  read: (text) => (/^\d+(\.\d+)?$/.test(text) && Number(text) >= 0.01 ? Number(text) : undefined),
};

/** A whole number above 0. */
export const count: Kind<number> = {
  what: 'a whole number above 0',
  read: (text) => (/^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined),
};

/** True or false. */
export const flag: Kind<boolean> = {
  what: 'true or false',
  read: (text) =>
    /^(true|1|yes|on)$/i.test(text) ? true : /^(false|0|no|off)$/i.test(text) ? false : undefined,
};

/** One word, such as a name that the Docker engine knows. */
export const word: Kind<string> = {
  what: 'one word of letters, digits, dots, dashes and underscores',
  read: (text) => (/^[\w.-]+$/.test(text) ? text : undefined),
};

/** A text that `readPerClass` can read, or null. */
export function IsPerClass<T>(kind: Kind<T>, options?: ValidationOptions): PropertyDecorator {
  const problem = (value: unknown) => {
    if (value === null) return null;
    if (typeof value !== 'string') return 'it must be text';
    const read = readPerClass(value, kind.read, kind.what);
    return typeof read === 'string' ? read : null;
  };
  return ValidateBy(
    {
      name: 'isPerClass',
      validator: {
        validate: (value) => problem(value) === null,
        defaultMessage: (facts) => problem(facts?.value) ?? '',
      },
    },
    options,
  );
}
