import { expect, it } from 'vitest';
import { splitLines } from './index.ts';

const split = (text: string, maxLine = 10) => splitLines(Buffer.from(text), maxLine);

it.each([
  ['', { lines: [], tooLong: 0, consumed: 0 }],
  ['one\ntwo\n', { lines: ['one', 'two'], tooLong: 0, consumed: 8 }],
  ['one\n\ntwo\n', { lines: ['one', 'two'], tooLong: 0, consumed: 9 }],
  ['one\ntw', { lines: ['one'], tooLong: 0, consumed: 4 }],
  ['half', { lines: [], tooLong: 0, consumed: 0 }],
  ['ä\nhalf ö', { lines: ['ä'], tooLong: 0, consumed: 3 }],
  ['0123456789\n', { lines: ['0123456789'], tooLong: 0, consumed: 11 }],
  ['0123456789x\none\n', { lines: ['one'], tooLong: 1, consumed: 16 }],
  ['one\n0123456789', { lines: ['one'], tooLong: 0, consumed: 4 }],
  ['one\n0123456789x', { lines: ['one'], tooLong: 1, consumed: 15 }],
])('%j', (text, expected) => expect(split(text)).toEqual(expected));
