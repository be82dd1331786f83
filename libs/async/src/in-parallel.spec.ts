import { expect, it } from 'vitest';
import { inParallel } from './in-parallel.ts';

it('no more than so many are worked on at once, and results come in the order of the items', async () => {
  let running = 0;
  let most = 0;
  const gates = [3, 1, 2, 5, 4].map((item) => ({ item, gate: Promise.withResolvers<void>() }));
  const done = inParallel(gates, 2, async ({ item, gate }) => {
    most = Math.max(most, ++running);
    await gate.promise;
    running--;
    return item * 10;
  });
  for (const { gate } of gates.toReversed()) gate.resolve();
  expect(await done).toEqual([30, 10, 20, 50, 40]);
  expect(most).toBe(2);
  expect(await inParallel([], 2, () => Promise.reject(new Error('never')))).toEqual([]);
});

it('the first error is told when what has begun has ended, and nothing is begun after it', async () => {
  const begun: number[] = [];
  const slow = Promise.withResolvers<void>();
  const done = inParallel([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error('the first');
    await slow.promise;
  });
  const ended = expect(done).rejects.toThrow('the first');
  slow.resolve();
  await ended;
  expect(begun).toEqual([1, 2]);
});
