import type { Reading } from '@horde/rest';

/** @unit characters */
const longest = 200;

/** A text as it is stored. An empty one is none. */
export const text = (raw: string): Reading<string | null> => ({
  value: raw.trim().slice(0, longest).replaceAll('\0', '') || null,
});

export const oneOf =
  <Word extends string>(words: readonly Word[]) =>
  (raw: string): Reading<Word> => {
    const value = words.find((word) => word === raw);
    return value ? { value } : `It is one of ${words.join(', ')}.`;
  };

/** The uuids that begin so, from the first to the last. */
export function uuidBeginning(raw: string): Reading<{ first: string; last: string }> {
  const digits = raw.trim().toLowerCase().replaceAll('-', '');
  if (!/^[\da-f]{1,32}$/.test(digits)) return 'This is not the beginning of a uuid.';
  return { value: { first: digits.padEnd(32, '0'), last: digits.padEnd(32, 'f') } };
}
