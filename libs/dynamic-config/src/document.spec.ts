import { describe, expect, it } from 'vitest';
import { dueItem, readDocuments } from './document.ts';
import { flag, textList, wholeNumber } from './keys.ts';

const words = { help: '' };
const keys = {
  SERVING: flag(true, words),
  DYNAMIC_FLAG: flag(false, words),
  DYNAMIC_NUMBER: wholeNumber(5, { ...words, most: 10 }),
  DYNAMIC_LIST: textList([], words),
};
const one = (value: unknown, effective_from: unknown = null) => ({
  description: 'd',
  items: [{ value, effective_from, reason: null }],
});

describe('a document', () => {
  it('is read for the keys that are known and may be set from outside', () => {
    const { items, refused } = readDocuments(
      [{ DYNAMIC_NUMBER: one(7), DYNAMIC_OTHER: one(1), SERVING: one(false), constructor: one(1), other: 3 }],
      keys,
    );
    expect(Object.fromEntries(items)).toEqual({ DYNAMIC_NUMBER: [{ value: 7, effectiveFrom: null }] });
    expect(refused.size).toBe(0);
  });

  it.each([
    ['DYNAMIC_NUMBER', one('7'), 'DYNAMIC_NUMBER must be a whole number from 0 to 10; what it was stays.'],
    ['DYNAMIC_NUMBER', one(11), 'DYNAMIC_NUMBER must be a whole number from 0 to 10; what it was stays.'],
    ['DYNAMIC_NUMBER', one(1.5), 'DYNAMIC_NUMBER must be a whole number from 0 to 10; what it was stays.'],
    ['DYNAMIC_FLAG', one('true'), 'DYNAMIC_FLAG must be true or false; what it was stays.'],
    ['DYNAMIC_LIST', one(['a', '']), 'DYNAMIC_LIST must be a list of at most 1000 texts; what it was stays.'],
    ['DYNAMIC_FLAG', true, 'DYNAMIC_FLAG must have a list of items; what it was stays.'],
    ['DYNAMIC_FLAG', null, 'DYNAMIC_FLAG must have a list of items; what it was stays.'],
    ['DYNAMIC_FLAG', { items: [null] }, 'DYNAMIC_FLAG must have objects as its items; what it was stays.'],
    [
      'DYNAMIC_FLAG',
      one(true, 'tomorrow'),
      'DYNAMIC_FLAG must have ISO 8601 times in effective_from; what it was stays.',
    ],
  ])('with a wrong %s %j is refused for that key', (name, entry, sentence) => {
    const { items, refused } = readDocuments(
      [{ [name]: entry, DYNAMIC_NUMBER: one(1) }, { [name]: entry }],
      keys,
    );
    expect(refused.get(name)).toBe(sentence);
    expect(items.has(name)).toBe(false);
  });

  it('after another one has the last word', () => {
    const { items } = readDocuments([{ DYNAMIC_NUMBER: one(1) }, { DYNAMIC_NUMBER: one(2) }], keys);
    expect(dueItem(items.get('DYNAMIC_NUMBER')!, 0)?.value).toBe(2);
  });
});

describe('of several items', () => {
  const items = readDocuments(
    [
      {
        DYNAMIC_NUMBER: {
          items: [
            { value: 1, effective_from: null },
            { value: 2, effective_from: '2026-01-01T00:00:00' },
            { value: 3, effective_from: '2026-01-01T00:00:00+02:00' },
            { value: 4, effective_from: '2027-01-01T00:00:00Z' },
          ],
        },
      },
    ],
    keys,
  ).items.get('DYNAMIC_NUMBER')!;

  it.each([
    ['2025-12-31T21:59:59Z', 1],
    ['2025-12-31T22:00:00Z', 3],
    ['2026-06-01T00:00:00Z', 3],
    ['2027-01-01T00:00:00Z', 4],
  ])('the last that is due counts: at %s it is %i', (time, value) => {
    expect(dueItem(items, Date.parse(time))?.value).toBe(value);
  });

  it('a time without a zone is in UTC', () => {
    expect(items[1]!.effectiveFrom).toBe('2026-01-01T00:00:00.000Z');
  });

  it('none counts when none is due', () => {
    expect(dueItem([{ value: 1, effectiveFrom: '2026-01-01T00:00:00Z' }], 0)).toBeUndefined();
  });
});
