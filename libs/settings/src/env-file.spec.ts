import { describe, expect, it } from 'vitest';
import { parseEnvFile } from './env-file.ts';

describe('a file of variables', () => {
  it.each<[what: string, text: string, value: string]>([
    ['a plain line', 'A=x', 'x'],
    ['an empty value', 'A=', ''],
    ['lines of Windows', '# settings\r\n\r\nA=x\r\nB=y\r\n', 'x'],
    ['lines of old Macs', 'B=y\rA=x\r', 'x'],
    ['a byte order mark', '\ufeffA=x\n', 'x'],
    ['export', 'export A=x', 'x'],
    ['a name that begins with export', 'exportB=y\nA=x', 'x'],
    ['spaces before and behind', '  A=x \t ', 'x'],
    ['spaces around the equals sign', 'A = x', 'x'],
    ['a no-break space behind', 'A=x\u00a0', 'x'],
    ['a zero-width space behind', 'A=x\u200b', 'x'],
    ['single quotes', "A='x y'", 'x y'],
    ['double quotes', 'A="x y"', 'x y'],
    ['quotes, and spaces in them', 'A=" x "', ' x '],
    ['empty quotes', 'A=""', ''],
    ['a dollar in single quotes', "A='x$y'", 'x$y'],
    ['a backslash in single quotes', "A='x\\ny'", 'x\\ny'],
    ['escapes in double quotes', 'A="x\\"\\\\\\$y\\`"', 'x"\\$y`'],
    ['a comment behind the value', 'A=x # the first', 'x'],
    ['a comment instead of the value', 'A= # none', ''],
    ['a comment behind quotes', "A='x # y' # the first", 'x # y'],
    ['a number sign in a value', 'A=x#y', 'x#y'],
    ['an equals sign in a value', 'A=x=y==', 'x=y=='],
    ['an address', 'A=postgres://u:p@h:5432/d?x=1', 'postgres://u:p@h:5432/d?x=1'],
    ['a name twice', 'A=w\nA=x', 'x'],
    ['no newline at its end, and others before', '\n\n#\nA=x', 'x'],
  ])('with %s is read', (_what, text, value) => {
    expect(parseEnvFile(text, 'miner.env')).toMatchObject({ A: value });
  });

  it.each<[what: string, line: string, sentence: string]>([
    ['no equals sign', 'A', 'it is not NAME=value.'],
    ['a name that is none', '1A=x', 'it is not NAME=value.'],
    ['a dash in a name', 'A-B=x', 'it is not NAME=value.'],
    [
      'an invisible character in a name',
      'A\u200b=x',
      'it has an invisible character, U+200B as its character 2.',
    ],
    [
      'an invisible character in a value',
      'A=x\u200by',
      'A has an invisible character, U+200B as its character 2.',
    ],
    [
      'a no-break space in quotes',
      'A="x\u00a0y"',
      'A has an invisible character, U+00A0 as its character 2.',
    ],
    ['a space in a value', 'A=x y', 'A has a space in it; put the value in single quotes.'],
    ['an open quote', 'A="x', 'A has a quote that is not closed on its line.'],
    ['more behind quotes', "A='x'y", 'A goes on behind its closing quote.'],
    ['a variable', 'A=$HOME/x', 'A has a "$" that would be replaced; put the value in single quotes.'],
    [
      'a variable in double quotes',
      'A="${HOME}"',
      'A has a "$" that would be replaced; put the value in single quotes.',
    ],
    ['a backslash', 'A=x\\ny', 'A has a backslash; put the value in single quotes.'],
    ['a newline by escape', 'A="x\\ny"', 'A has a backslash; put the value in single quotes.'],
    ['an ampersand', 'A=x?y&z', 'A has a character that the shell reads; put the value in single quotes.'],
  ])('with %s is refused with its line', (_what, line, sentence) => {
    expect(() => parseEnvFile(`# first\r\n${line}\r\nB=y`, 'miner.env')).toThrow(`miner.env:2: ${sentence}`);
  });

  it('is refused with all lines that are wrong, and no value of them', () => {
    expect(() => parseEnvFile('A=secret word\nB=y\nC="secret', 'miner.env')).toThrow(
      /^miner\.env:1: A has [^\n]*\nminer\.env:3: C has (?!.*secret)[^\n]*$/,
    );
  });
});
