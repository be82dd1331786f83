import { expect, it } from 'vitest';
import { Batches } from './batches.ts';

it('what comes while a batch is handled is the next batch, and each item gets its own result', async () => {
  const batches: number[][] = [];
  const gate = Promise.withResolvers<void>();
  const doubled = new Batches(async (items: number[]) => {
    batches.push(items);
    await gate.promise;
    return items.map((item) => item * 2);
  }, 3);
  const results = Promise.all([1, 2, 3, 4, 5].map((item) => doubled.add(item)));
  gate.resolve();
  expect(await results).toEqual([2, 4, 6, 8, 10]);
  expect(batches).toEqual([[1], [2, 3, 4], [5]]);
  expect(await doubled.add(6)).toBe(12);
});

it('an item that cannot be handled fails alone', async () => {
  const positive = new Batches(async (items: number[]) => {
    if (items.some((item) => item < 0)) throw new Error('negative');
    return items;
  }, 10);
  const results = await Promise.allSettled([0, 1, -2, 3].map((item) => positive.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
});
