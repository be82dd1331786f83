import { expect, it } from 'vitest';
import { MinerSettings } from '../settings.ts';
import { checkChain } from './chain.ts';

it('the doctor needs no chain for a local miner', async () => {
  const settings = Object.assign(new MinerSettings(), { isLocalMiner: true });
  expect(await checkChain(settings, null)).toEqual([
    { check: 'chain', verdict: 'OK', says: 'Not needed: this is a local miner.', fix: null },
  ]);
});
