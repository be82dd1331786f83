import { JsonFloat, type JsonValue } from '@horde/protocol';
import type { Schema } from '@horde/openapi';
import { fieldErrors, type Refusal } from '../refusal.ts';

/** As many texts in a list, and as many entries in a map, as a validator reads. */
const maxTexts = 100_000;
const maxEntries = 10_000;
/** What Linux hands to a program as one argument, or as one variable with its name. @unit bytes */
const maxString = 131_070;

/** What is wrong with a field, in a form of ComputeHorde's. */
type Problem = string[] | Record<string, string[]> | object[];
/** A field's value, or what is wrong with it. */
export type FieldReading<T> = { value: T } | { problem: Problem };

interface FieldOptions<T> {
  /** What it is, for the document of the API. */
  about: string;
  /** Its name in the body, where that is another than the value's. */
  name?: string;
  /** What stands for a field that is left out; without one it must be there. */
  default?: T;
  /** What stands for null; without one null is refused. */
  whenNull?: T;
}

/** A field of a body, declared once: how it is read, the words of its refusals, and what the document says of it. */
export interface Field<T> extends FieldOptions<T> {
  /** What is documented. More is read than that where ComputeHorde reads more, as "5" for 5. */
  schema: Schema;
  convert: (raw: JsonValue) => FieldReading<T>;
}

interface TextOptions<T> extends FieldOptions<T> {
  /** @unit characters */
  max?: number;
  /** Whether an empty text will do. @default true */
  blank?: boolean;
  /** What a text that is not empty has to look like, and what to say of another one. */
  form?: { pattern: RegExp; problem: string };
}

/**
 * The body of a request. Values are kept as they came: they are signed, so nothing is trimmed. Unknown keys are passed
 * over.
 */
export class Body<T extends object> {
  constructor(private readonly fields: { [K in keyof T]: Field<T[K]> }) {}

  /** @throws Refusal 400 with all that is wrong, by field, in the words of ComputeHorde's facilitator */
  read(body: JsonValue): T {
    if (!(body instanceof Map)) throw notAnObject(body);
    const values: Partial<T> = {};
    const problems: Record<string, Problem> = {};
    for (const [key, field, name] of this.named()) {
      const reading = readField(field, body.get(name));
      if ('value' in reading) values[key] = reading.value;
      else problems[name] = reading.problem;
    }
    if (Object.keys(problems).length > 0) throw fieldErrors(problems);
    return values as T;
  }

  get schema(): Schema {
    const fields = this.named();
    return {
      type: 'object',
      properties: Object.fromEntries(fields.map(([, field, name]) => [name, schemaOf(field)])),
      required: fields.filter(([, field]) => !('default' in field)).map(([, , name]) => name),
    };
  }

  private named(): [key: keyof T, field: Field<T[keyof T]>, name: string][] {
    const entries = Object.entries(this.fields) as [keyof T & string, Field<T[keyof T]>][];
    return entries.map(([key, field]) => [key, field, field.name ?? key]);
  }
}

/** What a body is read as. */
export type BodyOf<B> = B extends Body<infer T> ? T : never;

function readField<T>(field: Field<T>, raw: JsonValue | undefined): FieldReading<T> {
  if (raw === undefined)
    return 'default' in field ? { value: field.default! } : { problem: ['This field is required.'] };
  if (raw !== null) return field.convert(raw);
  return 'whenNull' in field ? { value: field.whenNull! } : { problem: ['This field may not be null.'] };
}

function schemaOf(field: Field<unknown>): Schema {
  const { schema, about: description } = field;
  const { default: standard } = field;
  const isShown = ['string', 'boolean', 'number'].includes(typeof standard) || standard === null;
  return {
    ...('whenNull' in field ? { anyOf: [schema, { type: 'null' }] } : schema),
    description,
    ...(isShown && { default: standard }),
  };
}

export function text(options: TextOptions<string>): Field<string>;
export function text(options: TextOptions<string | null>): Field<string | null>;
export function text({
  max,
  blank = true,
  form,
  ...options
}: TextOptions<string | null>): Field<string | null> {
  return {
    ...options,
    schema: {
      type: 'string',
      ...(max !== undefined && { maxLength: max }),
      ...(!blank && { minLength: 1 }),
      ...(form && { pattern: blank ? `^$|${form.pattern.source}` : form.pattern.source }),
    },
    convert: (raw) => {
      if (typeof raw !== 'string') return { problem: ['Not a valid string.'] };
      const problem = problemOfText(raw, blank);
      if (problem) return { problem: [problem] };
      if (max !== undefined && [...raw].length > max)
        return { problem: [`Ensure this field has no more than ${max} characters.`] };
      return form && raw !== '' && !form.pattern.test(raw) ? { problem: [form.problem] } : { value: raw };
    },
  };
}

/** A whole number from 0 to `max`; also as a text or with zeros after the point, since Python takes those, too. */
export const integer = (max: number, options: FieldOptions<number>): Field<number> => ({
  ...options,
  schema: { type: 'integer', minimum: 0, maximum: max },
  convert: (raw) => {
    const value = wholeNumber(raw);
    if (value === null) return { problem: ['A valid integer is required.'] };
    if (value > max) return { problem: [`Ensure this value is less than or equal to ${max}.`] };
    return value < 0
      ? { problem: ['Ensure this value is greater than or equal to 0.'] }
      : { value: Number(value) };
  },
});

export const flag = (options: Omit<FieldOptions<boolean>, 'default'>): Field<boolean> => ({
  default: false,
  ...options,
  schema: { type: 'boolean' },
  convert: (raw) => {
    const value = raw instanceof JsonFloat ? raw.value : raw;
    const word = typeof value === 'object' ? '' : String(value).toLowerCase();
    if (['true', 't', 'yes', 'y', 'on', '1'].includes(word)) return { value: true };
    return ['false', 'f', 'no', 'n', 'off', '0'].includes(word)
      ? { value: false }
      : { problem: ['Must be a valid boolean.'] };
  },
});

export const choice = <T extends string>(choices: readonly T[], options: FieldOptions<T>): Field<T> => ({
  ...options,
  schema: { type: 'string', enum: choices },
  convert: (raw) => {
    const value = choices.find((one) => one === raw);
    return value === undefined ? { problem: [`"${pythonText(raw)}" is not a valid choice.`] } : { value };
  },
});

/** A program's arguments: texts that are not empty. */
export const programArguments = (options: FieldOptions<string[]>): Field<string[]> => ({
  ...options,
  schema: {
    type: 'array',
    items: { type: 'string', minLength: 1, maxLength: maxString },
    maxItems: maxTexts,
  },
  convert: (raw) => {
    if (!Array.isArray(raw))
      return { problem: [`Expected a list of items but got type "${pythonType(raw)}".`] };
    if (raw.length > maxTexts)
      return { problem: [`Ensure this field has no more than ${maxTexts} elements.`] };
    const problem = problemsOfItems(
      raw.map((item, index) => [String(index), item]),
      (_index, item) => problemOfText(item, false) ?? problemOfSize(item),
    );
    return problem ? { problem } : { value: raw as string[] };
  },
});

/** A program's environment: texts by name, in the order in which they came. */
export const programEnvironment = (
  options: FieldOptions<Map<string, string>>,
): Field<Map<string, string>> => ({
  ...options,
  schema: {
    type: 'object',
    propertyNames: { type: 'string', pattern: '^[^=]+$' },
    additionalProperties: { type: 'string', maxLength: maxString },
    maxProperties: maxEntries,
  },
  convert: (raw) => {
    if (!(raw instanceof Map))
      return { problem: [`Expected a dictionary of items but got type "${pythonType(raw)}".`] };
    if (raw.size > maxEntries)
      return { problem: [`Ensure this field has no more than ${maxEntries} elements.`] };
    const problem = problemsOfItems(
      [...raw],
      (name, item) => problemOfName(name) ?? problemOfText(item, true) ?? problemOfSize(`${name}=${item}`),
    );
    return problem ? { problem } : { value: raw as Map<string, string> };
  },
});

/** A number of at least 0, also as a text, since Python takes that, too. */
export const decimal = <T extends number | null>(max: number, options: FieldOptions<T>): Field<T> => ({
  ...options,
  schema: { type: 'number', minimum: 0, ...(Number.isFinite(max) && { maximum: max }) },
  convert: (raw) => {
    const isText = typeof raw === 'string' && /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(raw);
    const isNumber = typeof raw === 'number' || typeof raw === 'bigint' || raw instanceof JsonFloat;
    const value = isText || isNumber ? Number(raw instanceof JsonFloat ? raw.value : raw) : NaN;
    if (!Number.isFinite(value)) return { problem: ['A valid number is required.'] };
    if (value < 0) return { problem: ['Ensure this value is greater than or equal to 0.'] };
    return value > max
      ? { problem: [`Ensure this value is less than or equal to ${max}.`] }
      : { value: value as T };
  },
});

/** The refusal of a body that is not even an object. */
export const notAnObject = (body: JsonValue): Refusal =>
  fieldErrors({ non_field_errors: [`Invalid data. Expected a dictionary, but got ${pythonType(body)}.`] });

export const nulProblem = 'Null characters are not allowed.';

function problemOfText(text: string, blank: boolean): string | null {
  if (text === '' && !blank) return 'This field may not be blank.';
  return text.includes('\0') ? nulProblem : null;
}

/** Of a variable's name. */
function problemOfName(name: string): string | null {
  if (name === '') return 'A name may not be blank.';
  return name.includes('=') ? 'A name has no "=".' : problemOfText(name, false);
}

/** More would fail when the program starts. */
const problemOfSize = (text: string): string | null =>
  Buffer.byteLength(text) > maxString ? `Ensure this field has no more than ${maxString} bytes.` : null;

function problemsOfItems(
  items: [string, JsonValue][],
  problemOf: (key: string, item: string) => string | null,
): Record<string, string[]> | null {
  const problems: Record<string, string[]> = {};
  for (const [key, item] of items) {
    const problem =
      item === null
        ? 'This field may not be null.'
        : typeof item !== 'string'
          ? 'Not a valid string.'
          : problemOf(key, item);
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
