import { expect, it } from 'vitest';
import { factNames, fill } from './fill.ts';

const filled = (says: string, facts: Record<string, string | number>) =>
  fill(says, new Map(Object.entries(facts)));

it('the facts of a sentence stand in it in the form that it asks for', () => {
  const says = '{file:quoted} has {size:bytes}, and {count:miner} of {total:miner} read {limit}.';
  expect(factNames(says)).toEqual(['file', 'size', 'count', 'total', 'limit']);
  expect(filled(says, { file: 'a "b"', size: 1536, total: 2, count: 1, limit: 7 })).toBe(
    '"a \\"b\\"" has 1.5 KiB, and 1 miner of 2 miners read 7.',
  );
});

it('a fact is taken as it is, whatever braces and dollars it holds', () => {
  expect(filled('{one} {two}', { one: '{two}', two: '$&' })).toBe('{two} $&');
});

it('a long quotation is cut', () => {
  expect(filled('{text:quoted}', { text: 'x'.repeat(5_000) })).toHaveLength(302);
});
