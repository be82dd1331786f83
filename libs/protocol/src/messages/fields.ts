import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInstance,
  IsInt,
  IsString,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { AtMostCharacters, AtMostEntries } from './rules.ts';

/** A class whose fields are described by the decorators of this file. */
export type WireClass<T extends object = object> = new () => T;

/** How a field's JSON becomes its value, and back. */
export type FieldKind =
  | {
      is:
        | 'text'
        | 'integer'
        | 'bigint'
        | 'boolean'
        | 'time'
        | 'json'
        | 'jsonObject'
        | 'texts'
        | 'textOrTexts'
        | 'integers'
        | 'textMap';
    }
  | { is: 'oneOf' | 'integerMap'; words: readonly string[] }
  | { is: 'tolerant'; words: readonly string[]; olderWords: Readonly<Record<string, string>> }
  | { is: 'object' | 'objects'; of: () => WireClass }
  | { is: 'variant' | 'variants'; tag: string; of: () => WireClass[] };

/** An older name of a field. */
export interface Alias {
  name: string;
  /** Whether null under this name stands for the field's default. */
  nullMeansDefault: boolean;
}

export interface Field {
  name: string;
  kind: FieldKind;
  /** Further names that the field is read under; its own wins. */
  aliases: readonly Alias[];
}

/** What the decorators of one class have said. */
interface Described {
  fields: Field[];
  aliases: Map<string, Alias[]>;
  keptAbsent: Set<string>;
}

const described = new WeakMap<object, Described>();

/** The fields of a class in the order in which they are written. */
export const fieldsOf = (type: WireClass): readonly Field[] =>
  described.get(type.prototype as object)?.fields ?? [];

/** Whether a field that the peer left out stays left out: undefined, and not written again. */
export const staysAbsent = (type: WireClass, name: string): boolean =>
  described.get(type.prototype as object)?.keptAbsent.has(name) ?? false;

/** The most characters a text from a peer may have, unless a field says otherwise. */
const maxText = 16 * 1024 * 1024;

function field(kind: FieldKind, ...rules: PropertyDecorator[]): PropertyDecorator {
  return (target, key) => {
    const name = String(key);
    const { fields } = describe(target);
    fields.push({ name, kind, aliases: aliasesOf(target, name) });
    ValidateIf((_message, value) => value !== null && value !== undefined)(target, key);
    for (const rule of rules) rule(target, key);
  };
}

/** A string. @param options.max characters, default 16 Mi */
export const Text = (options: { max?: number } = {}) =>
  field({ is: 'text' }, IsString(), AtMostCharacters(options.max ?? maxText));

/** A whole number that JavaScript holds exactly. Read as leniently as the Python peers do: `"5"`, `5.0`, `true`. */
export const Integer = (options: { min?: number; max?: number } = {}) =>
  field(
    { is: 'integer' },
    IsInt(),
    Min(options.min ?? Number.MIN_SAFE_INTEGER),
    Max(options.max ?? Number.MAX_SAFE_INTEGER),
  );

/** A whole number of any size, such as a time in nanoseconds. */
export const BigInteger = () => field({ is: 'bigint' });

/** true or false. Read as leniently as the Python peers do: 0, 1, `"yes"`, `"off"`. */
export const Bool = () => field({ is: 'boolean' }, IsBoolean());

/** A time with an offset, kept as its canonical text with microseconds. */
export const Time = () => field({ is: 'time' }, IsString());

/** Any JSON, kept as it came. */
export const Json = () => field({ is: 'json' });

/** A JSON object with any content, kept as it came. */
export const AnyObject = () => field({ is: 'jsonObject' }, IsInstance(Map));

/** One of these words; any other is an error. */
export const OneOf = (words: readonly string[]) => field({ is: 'oneOf', words }, IsIn([...words]));

/**
 * One of these words; anything else is read as `unknown`, so that newer peers can add words.
 * @param olderWords what older peers say instead, and what it means
 */
export const Tolerant = (words: readonly string[], olderWords: Readonly<Record<string, string>> = {}) =>
  field({ is: 'tolerant', words, olderWords }, IsIn([...words]));

/** A list of strings. @param options.max items, default 100,000 */
export const Texts = (options: { max?: number } = {}) =>
  field(
    { is: 'texts' },
    IsArray(),
    ArrayMaxSize(options.max ?? 100_000),
    AtMostCharacters(maxText, { each: true }),
  );

/** A string or a list of strings. */
export const TextOrTexts = () =>
  field({ is: 'textOrTexts' }, AtMostEntries(10_000), AtMostCharacters(65_536, { each: true }));

/** A list of whole numbers. @param options.maxItems items, default 10,000 */
export const Integers = (options: { maxItems?: number; min?: number; max?: number } = {}) =>
  field(
    { is: 'integers' },
    IsArray(),
    ArrayMaxSize(options.maxItems ?? 10_000),
    Min(options.min ?? Number.MIN_SAFE_INTEGER, { each: true }),
    Max(options.max ?? Number.MAX_SAFE_INTEGER, { each: true }),
  );

/** An object from strings to strings whose order of keys is kept, because it is signed. At most 10,000 entries. */
export const TextMap = () =>
  field({ is: 'textMap' }, IsInstance(Map), AtMostEntries(10_000), AtMostCharacters(maxText, { each: true }));

/** An object from some of these words to whole numbers; any other key is an error. */
export const IntegerMap = (words: readonly string[]) => field({ is: 'integerMap', words }, IsInstance(Map));

/** An object of one class. */
export const Part = (of: () => WireClass) => field({ is: 'object', of });

/** A list of objects of one class. @param options.max items, default 1,000 */
export const Parts = (of: () => WireClass, options: { max?: number } = {}) =>
  field({ is: 'objects', of }, IsArray(), ArrayMaxSize(options.max ?? 1_000));

/** An object of one of several classes, told apart by the word in its field `tag`. */
export const Variant = (tag: string, of: () => WireClass[]) => field({ is: 'variant', tag, of });

/** A list of objects of several classes, told apart by the word in their field `tag`. */
export const Variants = (tag: string, of: () => WireClass[], options: { max?: number } = {}) =>
  field({ is: 'variants', tag, of }, IsArray(), ArrayMaxSize(options.max ?? 1_000));

/** Reads the field also under an older name; its own wins when both are there. */
export const readAlso =
  (name: string, { nullMeansDefault = false } = {}): PropertyDecorator =>
  (target, key) =>
    void aliasesOf(target, String(key)).push({ name, nullMeansDefault });

/** Keeps apart what a peer left out and what it set to the default: a left-out field is undefined, and not written. */
export const keepAbsent: PropertyDecorator = (target, key) =>
  void describe(target).keptAbsent.add(String(key));

function describe(target: object): Described {
  const own = described.get(target);
  if (own) return own;
  const fresh = { fields: [], aliases: new Map(), keptAbsent: new Set<string>() };
  described.set(target, fresh);
  return fresh;
}

/** The list is shared with the field, so the two decorators may stand in either order. */
function aliasesOf(target: object, name: string): Alias[] {
  const { aliases } = describe(target);
  if (!aliases.has(name)) aliases.set(name, []);
  return aliases.get(name)!;
}

/** Classes whose unknown keys are an error; in all others they are ignored, as in the Python peers. */
const closedClasses = new WeakSet<object>();

/** Class decorator: an unknown key makes the object invalid. */
export const closed: ClassDecorator = (type) => void closedClasses.add(type);

export const isClosed = (type: WireClass): boolean => closedClasses.has(type);
