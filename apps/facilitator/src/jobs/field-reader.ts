import { JsonFloat, type JsonObject, type JsonValue } from '@horde/protocol';
import { fieldErrors, Refusal } from '../http/refusal.ts';

const maxInteger = 2_147_483_647;
const smallestInteger = -2_147_483_648;

/** As many texts in a list, and as many entries in a map, as a validator reads. */
const maxTexts = 100_000;
const maxEntries = 10_000;

interface FieldOptions<T> {
  /** What stands for a field that is left out; without one it must be there. */
  default?: T;
  /** What stands for null; without one null is refused. */
  whenNull?: T;
}

interface TextOptions<T> extends FieldOptions<T> {
  /** @unit characters */
  max?: number;
  /** Whether an empty text will do. @default true */
  blank?: boolean;
}

type Problem = string[] | Record<string, string[]> | object[];

/**
 * Reads the fields of a body and collects what is wrong with them, in the words of ComputeHorde's facilitator. Values
 * are kept as they came: they are signed, so nothing is trimmed.
 */
export class FieldReader {
  private readonly problems: Record<string, Problem> = {};

  constructor(private readonly body: JsonObject) {}

  text(name: string, options?: TextOptions<string>): string;
  text(name: string, options: TextOptions<string | null>): string | null;
  text(name: string, options: TextOptions<string | null> = {}): string | null {
    return this.read<string | null>(name, options, (raw) => {
      if (typeof raw !== 'string') return ['Not a valid string.'];
      const problem = problemOfText(raw, options.blank ?? true);
      if (problem) return [problem];
      if (options.max !== undefined && [...raw].length > options.max) {
        return [`Ensure this field has no more than ${options.max} characters.`];
      }
      return { value: raw };
    });
  }

  /** A whole number of 32 bits, negative ones included; also as a text or with zeros after the point, since Python takes those, too. */
  integer(name: string): number {
    return this.read<number>(name, {}, (raw) => {
      const value = wholeNumber(raw);
      if (value === null) return ['A valid integer is required.'];
      if (value > maxInteger) return [`Ensure this value is less than or equal to ${maxInteger}.`];
      if (value < smallestInteger)
        return [`Ensure this value is greater than or equal to ${smallestInteger}.`];
      return { value: Number(value) };
    });
  }

  flag(name: string): boolean {
    return this.read<boolean>(name, { default: false }, (raw) => {
      const value = raw instanceof JsonFloat ? raw.value : raw;
      if (typeof value === 'object') return ['Must be a valid boolean.'];
      const word = String(value).toLowerCase();
      if (['true', 't', 'yes', 'y', 'on', '1'].includes(word)) return { value: true };
      return ['false', 'f', 'no', 'n', 'off', '0'].includes(word)
        ? { value: false }
        : ['Must be a valid boolean.'];
    });
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    return this.read<T>(name, { default: fallback }, (raw) => {
      const value = choices.find((choice) => choice === raw);
      return value === undefined ? [`"${pythonText(raw)}" is not a valid choice.`] : { value };
    });
  }

  /** A list of texts that are not empty. */
  texts(name: string): string[] {
    return this.read<string[]>(name, { default: [] }, (raw) => {
      if (!Array.isArray(raw)) return [`Expected a list of items but got type "${pythonType(raw)}".`];
      if (raw.length > maxTexts) return [`Ensure this field has no more than ${maxTexts} elements.`];
      const wrong = problemsOfItems(
        raw.map((item, index) => [String(index), item]),
        false,
      );
      return wrong ?? { value: raw as string[] };
    });
  }

  textMap(name: string): Map<string, string> {
    return this.read<Map<string, string>>(name, { default: new Map<string, string>() }, (raw) => {
      if (!(raw instanceof Map)) return [`Expected a dictionary of items but got type "${pythonType(raw)}".`];
      if (raw.size > maxEntries) return [`Ensure this field has no more than ${maxEntries} elements.`];
      const wrong = problemsOfItems([...raw], true);
      return wrong ?? { value: raw as Map<string, string> };
    });
  }

  /** Anything else; `convert` returns what is wrong as a list or an object of texts. */
  other<T>(name: string, options: FieldOptions<T>, convert: (raw: JsonValue) => { value: T } | Problem): T {
    return this.read(name, options, convert);
  }

  /** @throws Refusal 400 with all that is wrong, by field */
  finish(): void {
    if (Object.keys(this.problems).length > 0) throw fieldErrors(this.problems);
  }

  /** A wrong field's value is never used: `finish` comes first. */
  private read<T>(
    name: string,
    options: FieldOptions<T>,
    convert: (raw: JsonValue) => { value: T } | Problem,
  ): T {
    const raw = this.body.get(name);
    const result = this.convert(raw, options, convert);
    if ('value' in result) return result.value as T;
    this.problems[name] = result;
    return undefined as T;
  }

  private convert<T>(
    raw: JsonValue | undefined,
    options: FieldOptions<T>,
    convert: (raw: JsonValue) => { value: T } | Problem,
  ): { value: T } | Problem {
    if (raw === undefined)
      return 'default' in options ? { value: options.default as T } : ['This field is required.'];
    if (raw !== null) return convert(raw);
    return 'whenNull' in options ? { value: options.whenNull as T } : ['This field may not be null.'];
  }
}

/** The refusal of a body that is not even an object. */
export const notAnObject = (body: JsonValue): Refusal =>
  fieldErrors({ non_field_errors: [`Invalid data. Expected a dictionary, but got ${pythonType(body)}.`] });

export const nulProblem = 'Null characters are not allowed.';

function problemOfText(text: string, blank: boolean): string | null {
  if (text === '' && !blank) return 'This field may not be blank.';
  return text.includes('\0') ? nulProblem : null;
}

function problemsOfItems(items: [string, JsonValue][], blank: boolean): Record<string, string[]> | null {
  const problems: Record<string, string[]> = {};
  for (const [key, item] of items) {
    const problem =
      item === null
        ? 'This field may not be null.'
        : typeof item !== 'string'
          ? 'Not a valid string.'
          : (problemOfText(key, true) ?? problemOfText(item, blank));
    if (problem)
      Object.defineProperty(problems, key, { value: [problem], enumerable: true, configurable: true });
  }
  return Object.keys(problems).length > 0 ? problems : null;
}

function wholeNumber(raw: JsonValue): bigint | null {
  if (typeof raw === 'number' || typeof raw === 'bigint') return BigInt(raw);
  if (raw instanceof JsonFloat) return Number.isInteger(raw.value) ? BigInt(raw.value) : null;
  const digits =
    typeof raw === 'string' && raw.length <= 1_000 ? /^\s*([+-]?\d+)(?:\.0*)?\s*$/.exec(raw)?.[1] : undefined;
  return digits === undefined ? null : BigInt(digits.replace('+', ''));
}

/** What Python calls a value's type: its words stand in the messages that users know. */
export function pythonType(value: JsonValue): string {
  if (value === null) return 'NoneType';
  if (value instanceof JsonFloat) return 'float';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Map) return 'dict';
  return { boolean: 'bool', string: 'str', number: 'int', bigint: 'int' }[typeof value as 'string'];
}

const pythonText = (value: JsonValue): string =>
  typeof value === 'string'
    ? value.slice(0, 255)
    : typeof value === 'object'
      ? pythonType(value)
      : String(value);
