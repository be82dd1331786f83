import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { JsonError, parseJson } from './parse.ts';
import { JsonFloat, toJsonValue, toPlain, type JsonObject, type JsonValue } from './values.ts';
import { writeCompact, writeCompactSorted, writePythonSorted } from './write.ts';

describe('a number of a peer', () => {
  it.each([
    ['1795326418837946486', '1795326418837946486'],
    ['18446744073709551616', '18446744073709551616'],
    ['-0', '0'],
    ['300', '300'],
    ['300.0', '300.0'],
    ['1e5', '100000.0'],
    ['1E16', '1e+16'],
    ['1e-7', '1e-07'],
    ['0.0001', '0.0001'],
    ['1.5e-5', '1.5e-05'],
    ['-0.0', '-0.0'],
    ['123456789012345680.0', '1.2345678901234568e+17'],
    ['1e400', 'Infinity'],
  ])('%s is written again as Python writes it: %s', (read, written) => {
    expect(writeCompactSorted(parseJson(read))).toBe(written);
  });

  it.each([
    ['1e-5', '0.00001'],
    ['1.5e-5', '0.000015'],
    ['1e-7', '1e-7'],
    ['1E16', '1e+16'],
    ['1e400', 'null'],
    ['-1e400', 'null'],
  ])('%s is written into a frame as pydantic writes it: %s', (read, written) => {
    expect(writeCompact(parseJson(read))).toBe(written);
  });
});

describe('keys', () => {
  it('keep their order, also those that look like integers', () => {
    expect(writeCompact(parseJson('{"10":1,"9":2,"a":3}'))).toBe('{"10":1,"9":2,"a":3}');
  });

  it('are sorted by code point, not by UTF-16 unit', () => {
    expect(writeCompactSorted(parseJson('{"\\ud83d\\ude00":1,"\\uffff":2}'))).toBe(
      '{"\\uffff":2,"\\ud83d\\ude00":1}',
    );
  });

  it('that come twice: the last value wins', () => {
    expect(writeCompact(parseJson('{"a":1,"b":2,"a":3}'))).toBe('{"a":3,"b":2}');
  });

  it('that a prototype has are data like any other', () => {
    const plain = toPlain(parseJson('{"__proto__":{"polluted":true}}')) as Record<string, unknown>;
    expect(Object.keys(plain)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

it('escapes what Python escapes: everything outside the printable ASCII characters', () => {
  expect(writePythonSorted(toJsonValue({ b: ['é\u2028\u007f😀"\\\n/'], a: true }))).toBe(
    '{"a": true, "b": ["\\u00e9\\u2028\\u007f\\ud83d\\ude00\\"\\\\\\n/"]}',
  );
});

it('escapes all of a long text, whatever it is cut at', () => {
  const text = 'aé😀\u007f\n'.repeat(20_000);
  expect(writeCompactSorted(text)).toBe(`"${'a\\u00e9\\ud83d\\ude00\\u007f\\n'.repeat(20_000)}"`);
});

it.each([
  '',
  '{',
  '[1,]',
  '{"a":1,}',
  '01',
  '+1',
  '.5',
  'nul',
  '"\u0000"',
  '"\\x"',
  '"\\ud800"',
  '1 2',
  'NaN',
  '"a',
  '{a:1}',
])('refuses %j', (text) => expect(() => parseJson(text)).toThrow(JsonError));

it('refuses a bomb of brackets with one sentence', () => {
  expect(() => parseJson('['.repeat(100_000))).toThrow('nested deeper than 64 levels');
});

it('reads back whatever it writes', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), (plain) => {
      const text = writeCompact(toJsonValue(plain));
      expect(writeCompact(parseJson(text))).toBe(text);
      expect(toPlain(parseJson(text))).toEqual(JSON.parse(JSON.stringify(plain)));
    }),
  );
});

describe('the canonical text of any JSON', () => {
  const anyObject = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ noUnicodeString: false }));

  it('holds printable ASCII only, and says the same', () => {
    fc.assert(
      fc.property(anyObject, (plain) => {
        for (const text of [writePythonSorted(toJsonValue(plain)), writeCompactSorted(toJsonValue(plain))]) {
          expect(text).toMatch(/^[ -~]*$/);
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(plain)));
        }
      }),
    );
  });

  it('has its keys in the order of their code points, which is that of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary' }).map((key) => `k${key}`)), (keys) => {
        const text = writeCompactSorted(new Map(keys.map((key) => [key, null])));
        const written = [...(parseJson(text) as JsonObject).keys()];
        expect(written).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
    );
  });

  it('has floats in the shortest form that reads back, always with a point or an exponent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = writeCompactSorted(new JsonFloat(value));
        expect(Number(text)).toBe(value);
        expect(text).toMatch(/^-?\d+(\.\d+|(\.\d+)?e[+-]\d{2,3})$/);
        expect(text.replace(/\D/g, '').length).toBeLessThanOrEqual(25);
      }),
    );
  });
});

describe('a text that would take much memory or time is refused:', () => {
  it('a million empty lists', () => {
    expect(() => parseJson(`[${'[],'.repeat(1_000_000)}[]]`)).toThrow('more than 250000 values');
  });

  it('an integer of a million digits', () => {
    expect(() => parseJson('1'.repeat(1_000_000))).toThrow('too many digits');
  });

  it('integers that have more digits together', () => {
    const integers = (count: number) => `[${Array(count).fill('9'.repeat(4_300)).join(',')}]`;
    expect(parseJson(integers(50))).toHaveLength(50);
    expect(() => parseJson(integers(60))).toThrow('too many digits together');
  });

  it('while a long text full of escapes is read at once', () => {
    const text = '\\n\\"\\\\'.repeat(500_000);
    const start = performance.now();
    expect(parseJson(`"${text}"`)).toHaveLength(1_500_000);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

it('tells floats and integers apart', () => {
  const [float, integer] = parseJson('[1.0,1]') as JsonValue[];
  expect(float).toEqual(new JsonFloat(1));
  expect(integer).toBe(1);
});
