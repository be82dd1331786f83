import { UsageError } from '@horde/commands';

/** A part of a word: quoted in one of two ways, or with a backslash before what would mean something. */
const part = /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|([^\s"'\\]+)/gsy;

/** The words of a line as a shell splits it, without anything else that a shell does. @throws UsageError for an open quote */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length;) {
    if (/\s/.test(line[at]!)) {
      if (word !== null) words.push(word);
      word = null;
      at++;
      continue;
    }
    part.lastIndex = at;
    const found = part.exec(line);
    if (!found) throw new UsageError(`A quote in ${line} has no end.`);
    const [text, double, single, escaped, plain] = found;
    word = (word ?? '') + (double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? plain ?? '');
    at += text.length;
  }
  if (word !== null) words.push(word);
  return words;
}
