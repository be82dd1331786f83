import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { canonicalTime, wireTime, wireTimeToMicros, wireTimeToMs } from './datetime.ts';

describe('a time is written in one form, however it was written:', () => {
  it.each([
    ['2025-01-02T03:04:05.000123Z', '2025-01-02T03:04:05.000123Z'],
    ['2025-01-02 03:04:05.5z', '2025-01-02T03:04:05.500000Z'],
    ['2025-01-02t03:04+00:00', '2025-01-02T03:04:00Z'],
    ['2025-01-02T03:04:05.1234569Z', '2025-01-02T03:04:05.123456Z'],
    ['2025-01-02T03:04:05+0530', '2025-01-02T03:04:05+05:30'],
    ['2025-01-02T03:04:05.000-08:00', '2025-01-02T03:04:05-08:00'],
    [1735787045, '2025-01-02T03:04:05Z'],
    [1735787045.5, '2025-01-02T03:04:05.500000Z'],
    ['2025-01-02_03:04:05,5Z', '2025-01-02T03:04:05.500000Z'],
    [1735787045123, '2025-01-02T03:04:05.123000Z'],
    ['1735787045.123456789', '2025-01-02T03:04:05.123457Z'],
    ['1735787045', '2025-01-02T03:04:05Z'],
    [1735787045123 * 1000, null],
  ])('%s', (written, canonical) => expect(canonicalTime(written)).toBe(canonical));
});

it.each([
  '2025-01-02T03:04:05',
  '2025-01-02',
  '2025-01-02T03Z',
  '2025-01-02T03:04:05 Z',
  '2025-01-02T03:04:05-05',
  ' 1735787045',
  '1e9',
  '2025-02-30T03:04:05Z',
  '2025-01-02T24:00:00Z',
  '2025-01-02T03:60:00Z',
  '2025-01-02T03:04:05+24:00',
  '2025-01-02T03:04:05+05:60',
  '',
  'now',
  true,
  null,
  Number.NaN,
  Number.POSITIVE_INFINITY,
])('%s is no time with an offset', (value) => expect(canonicalTime(value)).toBeNull());

it('microseconds survive', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_799_999_999 }), (micros) => {
      const text = wireTime(micros);
      expect(canonicalTime(text)).toBe(text);
      expect(wireTimeToMs(text)).toBe(Math.floor(micros / 1000));
      expect(wireTimeToMicros(text)).toBe(micros);
      expect(text.includes('.')).toBe(micros % 1_000_000 !== 0);
    }),
  );
});

it.each([
  ['2025-01-02T03:04:05.000123+02:00', '2025-01-02T01:04:05.000123Z'],
  ['2025-01-02T03:04:05-23:59', '2025-01-03T03:03:05Z'],
])('%s is %s', (time, utc) => expect(wireTime(wireTimeToMicros(time))).toBe(utc));
