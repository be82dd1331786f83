import { expect, it } from 'vitest';
import { Batches } from './batches.ts';

it('what comes at once, or while a batch is handled, is the next batch, and each item gets its own result', async () => {
  const batches: number[][] = [];
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const doubled = new Batches(async (items: number[]) => {
    batches.push(items);
    begun.resolve();
    await gate.promise;
    return items.map((item) => item * 2);
  }, 3);
  const first = [1, 2].map((item) => doubled.add(item));
  await begun.promise;
  const results = Promise.all([...first, ...[3, 4, 5, 6].map((item) => doubled.add(item))]);
  gate.resolve();
  expect(await results).toEqual([2, 4, 6, 8, 10, 12]);
  expect(batches).toEqual([[1, 2], [3, 4, 5], [6]]);
  expect(await doubled.add(7)).toBe(14);
});

it('an item that cannot be handled fails alone', async () => {
  const positive = new Batches(async (items: number[]) => {
    if (items.some((item) => item < 0)) throw new Error('negative');
    return items;
  }, 10);
  const results = await Promise.allSettled([0, 1, -2, 3].map((item) => positive.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
});
