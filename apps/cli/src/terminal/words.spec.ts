import { expect, it } from 'vitest';
import { table } from './table.ts';
import { plain, shortHotkey, size, span } from './words.ts';

it.each([
  [0, '0 s'],
  [-5, '0 s'],
  [99_400, '99 s'],
  [100_000, '2 min'],
  [5_999_000, '100 min'],
  [6_000_000, '2 h'],
  [172_800_000, '2 d'],
])('%d ms are %s', (milliseconds, text) => expect(span(milliseconds)).toBe(text));

it.each([
  [999, '999 bytes'],
  [1_000, '1.0 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [2_600_000_000, '2.6 GB'],
])('%d bytes are %s', (count, text) => expect(size(count)).toBe(text));

it('what somebody else says cannot move the cursor, ring or begin a line', () => {
  expect(plain('a\u001b[2J\nb\u0007\u009b31mc\t ')).toBe('a [2J b 31mc');
});

it('a hotkey is told by its ends', () => {
  expect(shortHotkey('5DXWYrJK14Hz1sPRZGbVkHooh6zYVA7ZP9GpP7AyoZvdAVqi')).toBe('5DXW…AVqi');
});

it('columns are as wide as they need, and lines end with a letter', () => {
  expect(
    table([
      ['A', 'LONG'],
      ['abc', ''],
    ]),
  ).toEqual(['A    LONG', 'abc']);
});
