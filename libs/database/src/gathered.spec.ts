import { expect, it } from 'vitest';
import { Gathered } from './gathered.ts';

it('what comes within a moment is handled together, in its order, and what comes behind it later', async () => {
  const handled: number[][] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const gathered = new Gathered<number>(
    async (items) => {
      handled.push(items);
      resolve();
    },
    () => {},
  );
  gathered.add(1);
  gathered.add(2);
  expect(handled).toEqual([]);
  await promise;
  gathered.add(3);
  await gathered.handleNow();
  expect(handled).toEqual([[1, 2], [3]]);
});

it('what cannot be handled is told of, and what comes behind it is handled', async () => {
  const [handled, told]: [string[], unknown[]] = [[], []];
  const gathered = new Gathered<string>(
    async (items) => {
      if (items.includes('bad')) throw new Error('no');
      handled.push(...items);
    },
    (error) => told.push(error),
  );
  gathered.add('bad');
  await gathered.handleNow();
  gathered.add('good');
  await gathered.handleNow();
  expect([handled, told]).toEqual([['good'], [new Error('no')]]);
});
