import { expect, it } from 'vitest';
import { LookUps } from './look-ups.ts';

it('what is looked up in one moment is asked for once, each key once, and each gets its own', async () => {
  const asked: string[][] = [];
  const lengths = new LookUps(async (keys) => {
    asked.push(keys);
    return new Map(keys.filter((key) => key !== 'none').map((key) => [key, key.length]));
  });
  const found = await Promise.all(['a', 'bcd', 'none', 'a'].map((key) => lengths.get(key)));
  expect(found).toEqual([1, 3, undefined, 1]);
  expect(asked).toEqual([['a', 'bcd', 'none']]);
});
