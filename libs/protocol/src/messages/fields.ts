import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInstance,
  IsInt,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';

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
        | 'texts'
        | 'integers'
        | 'textMap'
        | 'integerMap';
    }
  | { is: 'oneOf' | 'tolerant'; words: readonly string[] }
  | { is: 'object' | 'objects'; of: () => WireClass }
  | { is: 'variant' | 'variants'; tag: string; of: () => WireClass[] };

export interface Field {
  name: string;
  kind: FieldKind;
  /** Further names that the field is read under; its own wins. */
  aliases: string[];
}

const fieldsOfClass = new WeakMap<object, Field[]>();
const aliasesOfClass = new WeakMap<object, Map<string, string[]>>();

/** The fields of a class in the order in which they are written. */
export function fieldsOf(type: WireClass): readonly Field[] {
  return fieldsOfClass.get(type.prototype as object) ?? [];
}

/** The most characters a text from a peer may have, unless a field says otherwise. */
const longestText = 16 * 1024 * 1024;

function field(kind: FieldKind, ...rules: PropertyDecorator[]): PropertyDecorator {
  return (target, key) => {
    const name = String(key);
    const own = fieldsOfClass.get(target) ?? inheritedFields(target);
    own.push({ name, kind, aliases: aliasesOf(target, name) });
    fieldsOfClass.set(target, own);
    ValidateIf((_message, value) => value !== null)(target, key);
    for (const rule of rules) rule(target, key);
  };
}

/** A string. */
export const Text = (options: { max?: number } = {}) =>
  field({ is: 'text' }, IsString(), MaxLength(options.max ?? longestText));

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

/** One of these words; any other is an error. */
export const OneOf = (words: readonly string[]) => field({ is: 'oneOf', words }, IsIn([...words]));

/** One of these words; anything else is read as `unknown`, so that newer peers can add words. */
export const Tolerant = (words: readonly string[]) => field({ is: 'tolerant', words }, IsIn([...words]));

/** A list of strings. */
export const Texts = (options: { max?: number } = {}) =>
  field({ is: 'texts' }, IsArray(), ArrayMaxSize(options.max ?? 100_000), IsString({ each: true }));

/** A list of whole numbers. */
export const Integers = (options: { max?: number } = {}) =>
  field({ is: 'integers' }, IsArray(), ArrayMaxSize(options.max ?? 10_000), IsInt({ each: true }));

/** An object from strings to strings whose order of keys is kept, because it is signed. */
export const TextMap = () => field({ is: 'textMap' }, IsInstance(Map));

/** An object from strings to whole numbers. */
export const IntegerMap = () => field({ is: 'integerMap' }, IsInstance(Map));

/** An object of one class. */
export const Part = (of: () => WireClass) => field({ is: 'object', of });

/** A list of objects of one class. */
export const Parts = (of: () => WireClass, options: { max?: number } = {}) =>
  field({ is: 'objects', of }, IsArray(), ArrayMaxSize(options.max ?? 1_000));

/** An object of one of several classes, told apart by the word in its field `tag`. */
export const Variant = (tag: string, of: () => WireClass[]) => field({ is: 'variant', tag, of });

/** A list of objects of several classes, told apart by the word in their field `tag`. */
export const Variants = (tag: string, of: () => WireClass[], options: { max?: number } = {}) =>
  field({ is: 'variants', tag, of }, IsArray(), ArrayMaxSize(options.max ?? 1_000));

/** Reads the field also under an older name; its own wins when both are there. */
export const readAlso =
  (alias: string): PropertyDecorator =>
  (target, key) =>
    void aliasesOf(target, String(key)).push(alias);

function inheritedFields(target: object): Field[] {
  return [...(fieldsOfClass.get(Object.getPrototypeOf(target) as object) ?? [])];
}

/** The list is shared with the field, so the two decorators may stand in either order. */
function aliasesOf(target: object, name: string): string[] {
  const ofClass = aliasesOfClass.get(target) ?? new Map<string, string[]>();
  aliasesOfClass.set(target, ofClass);
  const aliases = ofClass.get(name) ?? [];
  ofClass.set(name, aliases);
  return aliases;
}

/** Classes whose unknown keys are an error; in all others they are ignored, as in the Python peers. */
const closedClasses = new WeakSet<object>();

/** Class decorator: an unknown key makes the object invalid. */
export const closed: ClassDecorator = (type) => void closedClasses.add(type);

export const isClosed = (type: WireClass): boolean => closedClasses.has(type);

/** What a field holds when the peer left it out; undefined when it must be there. */
export const initialValues = (type: WireClass): Record<string, unknown> => ({ ...new type() });
