/** Seen by nobody, and of no use in a setting; tabs and newlines may stand between the items of a list. */
const invisible = /[\p{Cf}\p{Zl}\p{Zp}]|(?![\t\n])\p{Cc}|(?! )\p{Zs}/u;
const atTheEdges = /^[\p{Cf}\p{Cc}\p{Z}]+|[\p{Cf}\p{Cc}\p{Z}]+$/gu;

/** A value without what editors and other systems leave around it: spaces, a carriage return, a byte order mark. */
export const trimValue = (text: string): string => text.replace(atTheEdges, '');

/** A character inside a value that nobody sees, as the end of a sentence: `U+200B behind "wal"`; null: there is none. */
export function invisibleIn(value: string): string | null {
  const found = invisible.exec(value);
  if (!found) return null;
  const code = found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return `U+${code} as its character ${found.index + 1}`;
}

/**
 * A setting as it was meant, from a variable that was set by a shell, by systemd or by Docker. `docker run --env-file`
 * takes lines as they are, quotes and comments included.
 *
 * @returns the value, or what is odd about it as the end of a sentence
 */
export function writtenValue(text: string): { value: string } | { odd: string } {
  const trimmed = trimValue(text);
  const quoted = /^(["'])(.*)\1$/s.exec(trimmed);
  const value = quoted && !quoted[2]!.includes(quoted[1]!) ? trimValue(quoted[2]!) : trimmed;
  const character = invisibleIn(value);
  if (character) return { odd: `it has an invisible character, ${character}` };
  if (/\s#/.test(value)) return { odd: 'a comment stands behind it; give it a line of its own' };
  return { value };
}
