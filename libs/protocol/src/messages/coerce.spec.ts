import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseJson } from '../json/parse.ts';
import { bigInteger, boolean, integer } from './coerce.ts';

const whole = (text: string) => integer(parseJson(text));

describe('a whole number', () => {
  it.each(['5', '5.0', '"5"', '" 5 "', '"5.0"', '"+5"', '5e0', '"0_5"'])('is read from %s', (text) => {
    expect(whole(text)).toBe(5);
  });

  it.each([
    ['"1_000"', 1000],
    ['true', 1],
    ['false', 0],
    ['-0', 0],
  ])('is read from %s as %i', (text, value) => expect(whole(text)).toBe(value));

  it.each([
    '5.5',
    'null',
    '""',
    '"five"',
    '"1__0"',
    '"_1"',
    '"5.5"',
    '[5]',
    '{}',
    '1e300',
    '9007199254740993',
  ])('is not read from %s', (text) => expect(whole(text)).toBeUndefined());

  it('of any size keeps every digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (value) => {
        expect(bigInteger(parseJson(String(value)))).toBe(value);
        expect(bigInteger(parseJson(`"${value}"`))).toBe(value);
      }),
    );
  });
});

describe('a truth value', () => {
  it.each(['true', '1', '1.0', '"true"', '"YES"', '"On"', '"t"', '"y"', '"1"'])('is true from %s', (text) => {
    expect(boolean(parseJson(text))).toBe(true);
  });
  it.each(['false', '0', '-0', '0.0', '"False"', '"no"', '"OFF"', '"f"', '"n"', '"0"'])(
    'is false from %s',
    (text) => expect(boolean(parseJson(text))).toBe(false),
  );
  it.each(['2', '0.5', 'null', '""', '"maybe"', '" true"', '[]'])('is not read from %s', (text) => {
    expect(boolean(parseJson(text))).toBeUndefined();
  });
});
