/** A value that a key does not take; the message is the rest of a sentence: "must be …". */
export class WrongValue extends Error {
  override readonly name = 'WrongValue';
}

/** What one key holds: its value while nobody has said another, and which values it takes. */
export interface Key<T> {
  readonly default: T;
  /** The value as this key's type. @throws WrongValue */
  read(value: unknown): T;
}

/** The keys of a service by name. */
export type Keys = Record<string, Key<unknown>>;

/** The type of a key's value. */
export type ValueOf<K> = K extends Key<infer T> ? T : never;

/** True or false. */
export const flag = (initial: boolean): Key<boolean> => ({
  default: initial,
  read: (value) => {
    if (typeof value === 'boolean') return value;
    throw new WrongValue('must be true or false');
  },
});

/** A whole number, by default of at least 0. */
export const wholeNumber = (
  initial: number,
  { least = 0, most = Number.MAX_SAFE_INTEGER }: { least?: number; most?: number } = {},
): Key<number> => ({
  default: initial,
  read: (value) => {
    if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most)
      return value as number;
    throw new WrongValue(`must be a whole number from ${least} to ${most}`);
  },
});

/** Postgres stores neither NUL nor half of a surrogate pair: one of them would keep all keys from being stored. */
const isText = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && !value.includes('\0') && value.isWellFormed();

/** A list of texts, none of them empty. */
export const textList = (
  initial: readonly string[],
  { most = 1_000 }: { most?: number } = {},
): Key<readonly string[]> => ({
  default: initial,
  read: (value) => {
    const isList = Array.isArray(value) && value.every(isText);
    if (isList && value.length <= most) return value as string[];
    throw new WrongValue(`must be a list of at most ${most} texts`);
  },
});
