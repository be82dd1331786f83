import { expect, it } from 'vitest';
import { allowanceSums } from './checkpoint.ts';
import { accountKey } from './manifests.ts';
import { blocksOf, offerOf } from './testing/chain-of.ts';

it('what blocks give is added up for each validator and account, without what a drop has lost and without zeros', () => {
  const executorClass = 'always_on.test';
  const key = (minerHotkey: string) => accountKey({ minerHotkey, executorClass });
  const blocks = blocksOf(Array(10).fill(12_000), { large: 0.5, small: 0.25, none: 0 });
  const offers = new Map([
    [key('steady'), offerOf({ block: 0, count: 2 })],
    [key('dropped'), offerOf({ block: 0, count: 4 }, { block: 8, count: 1, isDrop: true })],
    [key('empty'), offerOf({ block: 0, count: 0 })],
  ]);
  const sums = allowanceSums(blocks, { from: 5, to: 10 }, offers);
  expect(sums).toEqual([
    { minerHotkey: 'steady', executorClass, validatorHotkey: 'large', seconds: 60 },
    { minerHotkey: 'steady', executorClass, validatorHotkey: 'small', seconds: 30 },
    { minerHotkey: 'dropped', executorClass, validatorHotkey: 'large', seconds: 12 },
    { minerHotkey: 'dropped', executorClass, validatorHotkey: 'small', seconds: 6 },
  ]);
});
