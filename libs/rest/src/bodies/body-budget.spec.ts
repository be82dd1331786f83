import { expect, it } from 'vitest';
import { BodyBudget } from './body-budget.ts';
import { Refusal } from '../refusal.ts';

const refused = { status: 429 } satisfies Partial<Refusal>;

it('bodies wait for room in their order, and a further one is told to come again', async () => {
  const budget = new BodyBudget({ maxBytes: 10, maxBytesOfOne: 20, maxWaiting: 2, maxWaitingOfOne: 2 });
  const started: string[] = [];
  const giveBack = await budget.take(8, 'a');
  const large = budget.take(6, 'a').then((release) => {
    started.push('large');
    return release;
  });
  const small = budget.take(1, 'a').then((release) => {
    started.push('small');
    return release;
  });
  await expect(budget.take(1, 'b')).rejects.toMatchObject(refused);
  giveBack();
  giveBack(); // a second time changes nothing
  await Promise.all([large, small]);
  expect(started).toEqual(['large', 'small']);
  (await large)();
  (await small)();
  (await budget.take(10, 'b'))();
});

it('a sender whose bodies do not arrive keeps only its own further ones waiting, and few of them', async () => {
  const budget = new BodyBudget({ maxBytes: 10, maxBytesOfOne: 4, maxWaiting: 9, maxWaitingOfOne: 1 });
  const giveBack = await budget.take(4, 'slow');
  const next = budget.take(3, 'slow');
  await expect(budget.take(1, 'slow')).rejects.toMatchObject(refused);
  const others = [await budget.take(4, 'a'), await budget.take(2, 'b')];
  const [first] = others;
  const waits = budget.take(1, 'b'); // there is no more room at all
  giveBack();
  (await next)();
  (await waits)();
  first!();
  (await budget.take(4, 'a'))();
});
