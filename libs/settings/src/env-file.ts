import { SettingsError } from './settings.ts';
import { invisibleIn, trimValue } from './written-value.ts';

const assignment = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)$/s;
const expansion = /\$(?:[A-Za-z_{(]|\d)/;
/** What a backslash keeps from its meaning between double quotes, in the shell and in Docker Compose alike. */
const escaped = /\\(["\\$`])/g;

/**
 * Reads a file of variables, as far as the shell (`. ./file`) and Docker Compose read it alike: `NAME=value` lines, with
 * `export` before them or not; comments, and comments behind values; single quotes, in which all is as it stands, and
 * double quotes, in which a backslash stands before `"`, `\`, `$` and a backtick. CRLF, a byte order mark and spaces at
 * the ends are left out. What the two read differently is refused. Of a name given twice the last one counts.
 *
 * @param file as messages name it
 * @throws SettingsError with one sentence for each line that is wrong, naming file and line, never the value
 */
export function parseEnvFile(text: string, file: string): Record<string, string> {
  const variables: Record<string, string> = {};
  const sentences: string[] = [];
  text.split(/\r\n|\n|\r/).forEach((written, index) => {
    const line = trimValue(written);
    if (line === '' || line.startsWith('#')) return;
    const read = readLine(line);
    if ('wrong' in read) sentences.push(`${file}:${index + 1}: ${read.wrong}.`);
    else variables[read.name] = read.value;
  });
  if (sentences.length > 0) throw new SettingsError(sentences);
  return variables;
}

type Line = { name: string; value: string } | { wrong: string };

function readLine(line: string): Line {
  const [, name, rest] = assignment.exec(line) ?? [];
  if (name === undefined || rest === undefined) {
    const odd = invisibleIn(line);
    return { wrong: odd ? `it has an invisible character, ${odd}` : 'it is not NAME=value' };
  }
  const read = readValue(rest);
  if ('wrong' in read) return { wrong: `${name} ${read.wrong}` };
  const odd = invisibleIn(read.value);
  return odd ? { wrong: `${name} has an invisible character, ${odd}` } : { name, ...read };
}

function readValue(text: string): { value: string } | { wrong: string } {
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return unquoted(text);
  const quoted = (quote === '"' ? /^"((?:[^"\\]|\\.)*)"(.*)$/s : /^'([^']*)'(.*)$/s).exec(text);
  if (!quoted) return { wrong: 'has a quote that is not closed on its line' };
  const [, inside = '', behind = ''] = quoted;
  if (!/^\s*$|^\s+#/.test(behind)) return { wrong: 'goes on behind its closing quote' };
  if (quote === "'") return { value: inside };
  if (expansion.test(inside.replace(escaped, ''))) return { wrong: dollar };
  if (/\\/.test(inside.replace(escaped, ''))) return { wrong: backslash };
  return { value: inside.replace(escaped, '$1') };
}

function unquoted(text: string): { value: string } | { wrong: string } {
  const value = trimValue(text.replace(/(^|\s)#.*$/s, ''));
  if (/\s/.test(value)) return { wrong: 'has a space in it; put the value in single quotes' };
  if (expansion.test(value)) return { wrong: dollar };
  if (value.includes('\\')) return { wrong: backslash };
  if (/["'`;&|<>()]/.test(value))
    return { wrong: 'has a character that the shell reads; put the value in single quotes' };
  return { value };
}

const dollar = 'has a "$" that would be replaced; put the value in single quotes';
const backslash = 'has a backslash; put the value in single quotes';
