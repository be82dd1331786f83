/** A value that a key does not take; the message is the rest of a sentence: "must be …". */
export class WrongValue extends Error {
  override readonly name = 'WrongValue';
}

/** What a key's value is, for whoever writes it. */
type KeyType = 'flag' | 'whole number' | 'number' | 'amount' | 'text' | 'texts';

/** What is said of a key for people. */
interface Words {
  /** What it decides, in a sentence. */
  help: string;
  /** What its value is counted in; none: it counts nothing. */
  unit?: string;
}

/** What one key holds: its value while nobody has said another, and which values it takes. */
export interface Key<T> extends Words {
  readonly type: KeyType;
  readonly default: T;
  /** The value as this key's type. @throws WrongValue */
  read(value: unknown): T;
}

/** The keys of a service by name. */
export type Keys = Record<string, Key<unknown>>;

/** The type of a key's value. */
export type ValueOf<K> = K extends Key<infer T> ? T : never;

/** True or false. */
export const flag = (initial: boolean, words: Words): Key<boolean> => ({
  ...words,
  type: 'flag',
  default: initial,
  read: (value) => {
    if (typeof value === 'boolean') return value;
    throw new WrongValue('must be true or false');
  },
});

/** A whole number, by default of at least 0. */
export const wholeNumber = (
  initial: number,
  { least = 0, most = Number.MAX_SAFE_INTEGER, ...words }: Words & { least?: number; most?: number },
): Key<number> => ({
  ...words,
  type: 'whole number',
  default: initial,
  read: (value) => {
    if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most)
      return value as number;
    throw new WrongValue(`must be a whole number from ${least} to ${most}`);
  },
});

/** A number, fractions too. */
export const decimal = (
  initial: number,
  { least = -Number.MAX_VALUE, most = Number.MAX_VALUE, ...words }: Words & { least?: number; most?: number },
): Key<number> => ({
  ...words,
  type: 'number',
  default: initial,
  read: (value) => {
    if (typeof value === 'number' && value >= least && value <= most) return value;
    const range = most === Number.MAX_VALUE ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new WrongValue(`must be a number ${least === -Number.MAX_VALUE ? 'that is finite' : range}`);
  },
});

/** An amount of the smallest unit of a currency: a whole number, which may be larger than JSON's numbers hold, as text too. */
export const amount = (initial: bigint, words: Words): Key<string> => ({
  ...words,
  type: 'amount',
  default: String(initial),
  read: (value) => {
    const isWhole = Number.isSafeInteger(value) || (typeof value === 'string' && /^\d{1,78}$/.test(value));
    if (isWhole && BigInt(value as string | number) >= 0n) return String(value);
    throw new WrongValue('must be a whole number of at least 0, or its digits as a text');
  },
});

/** A text, which may be empty. */
export const text = (
  initial: string,
  { most = 10_000, ...words }: Words & { most?: number },
): Key<string> => ({
  ...words,
  type: 'text',
  default: initial,
  read: (value) => {
    if (typeof value === 'string' && (value === '' || isText(value)) && value.length <= most) return value;
    throw new WrongValue(`must be a text of at most ${most} characters`);
  },
});

/** Postgres stores neither NUL nor half of a surrogate pair: one of them would keep all keys from being stored. */
const isText = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && !value.includes('\0') && value.isWellFormed();

/** A list of texts, none of them empty. */
export const textList = (
  initial: readonly string[],
  { most = 1_000, ...words }: Words & { most?: number },
): Key<readonly string[]> => ({
  ...words,
  type: 'texts',
  default: initial,
  read: (value) => {
    const isList = Array.isArray(value) && value.every(isText);
    if (isList && value.length <= most) return value as string[];
    throw new WrongValue(`must be a list of at most ${most} texts`);
  },
});
