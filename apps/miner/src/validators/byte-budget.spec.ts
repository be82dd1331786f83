import { expect, it } from 'vitest';
import { ByteBudget } from './byte-budget.ts';

it('work is done up to the limit at once, in its order, what is larger alone, and room is given back by failures', async () => {
  const budget = new ByteBudget(10);
  const begun: number[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const all = [6, 4, 1, 25, 2].map((bytes, n) => {
    ends.push(Promise.withResolvers<void>());
    return budget.run(bytes, async () => {
      begun.push(bytes);
      await ends[n]!.promise;
    });
  });
  const settled = Promise.allSettled(all);
  const step = () => new Promise(setImmediate);
  await step();
  expect(begun).toEqual([6, 4]);
  ends[0]!.reject(new Error('no'));
  await step();
  expect(begun).toEqual([6, 4, 1]);
  ends[1]!.resolve();
  await step();
  expect(begun).toEqual([6, 4, 1]);
  ends[2]!.resolve();
  await step();
  expect(begun).toEqual([6, 4, 1, 25]);
  ends[3]!.resolve();
  ends[4]!.resolve();
  expect((await settled).map(({ status }) => status === 'fulfilled')).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
});
