import { expect, it } from 'vitest';
import { revealBlock } from './epochs.ts';

it.each([
  [0, 12, 1, 347],
  [346, 12, 1, 347],
  [347, 12, 1, 708],
  [347, 12, 2, 1069],
  [708, 174, 1, 907],
])(
  'weights of block %i in subnet %i are opened after %i epochs, in block %i',
  (block, netuid, period, at) => {
    expect(revealBlock(block, netuid, 360, period)).toBe(at);
  },
);
