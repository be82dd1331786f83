import { expect, it } from 'vitest';
import { momentOf } from './moment.ts';

const now = Date.parse('2026-03-01T12:00:00Z');

it.each([
  ['90s', '2026-03-01T11:58:30.000Z'],
  ['20m', '2026-03-01T11:40:00.000Z'],
  ['20 min', '2026-03-01T11:40:00.000Z'],
  ['2h', '2026-03-01T10:00:00.000Z'],
  ['7d', '2026-02-22T12:00:00.000Z'],
  ['1w', '2026-02-22T12:00:00.000Z'],
  ['2026-01-31', '2026-01-31T00:00:00.000Z'],
  ['2026-01-31T23:59:59.5Z', '2026-01-31T23:59:59.500Z'],
  ['2026-01-31T23:59+02:00', '2026-01-31T21:59:00.000Z'],
])('%s is %s', (text, iso) => expect(momentOf(text, now).toISOString()).toBe(iso));

it.each(['', '2', 'yesterday', '-2h', '2y', '2026-13-01', '31.1.2026', '999999999w', '1 January 2026'])(
  '%j is refused, with what can be written',
  (text) => expect(() => momentOf(text, now)).toThrow('such as 20m'),
);
