import { expect, it } from 'vitest';
import { BodyBudget } from './body-budget.ts';
import { Refusal } from './refusal.ts';

it('bodies wait for room in their order, and a further one is told to come again', async () => {
  const budget = new BodyBudget({ maxBytes: 10, maxWaiting: 2 });
  const started: string[] = [];
  const giveBack = await budget.take(8);
  const large = budget.take(6).then((release) => {
    started.push('large');
    return release;
  });
  const small = budget.take(1).then((release) => {
    started.push('small');
    return release;
  });
  await expect(budget.take(1)).rejects.toMatchObject({ status: 429 } satisfies Partial<Refusal>);
  giveBack();
  giveBack(); // a second time changes nothing
  await Promise.all([large, small]);
  expect(started).toEqual(['large', 'small']);
  (await large)();
  (await small)();
  (await budget.take(10))();
});
