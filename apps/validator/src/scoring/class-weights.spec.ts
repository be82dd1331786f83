import { expect, it } from 'vitest';
import { readClassWeights } from './class-weights.ts';

it.each([
  [
    'spin_up-4min.gpu-24gb=98,always_on.llm.a6000=1,always_on.test=0,always_on.cpu.8c.16gb=1',
    {
      'spin_up-4min.gpu-24gb': 98,
      'always_on.llm.a6000': 1,
      'always_on.test': 0,
      'always_on.cpu.8c.16gb': 1,
    },
  ],
  ['always_on.test=0.5', { 'always_on.test': 0.5 }],
  ['always_on.test= 1e2 ', { 'always_on.test': 100 }],
  ['', {}],
  [
    'none=1,always_on.test=,always_on.test,always_on.test=x,always_on.test=1=2,always_on.test=0x10, always_on.test=3',
    {},
  ],
  ['always_on.test=1,always_on.test=2', { 'always_on.test': 2 }],
])('%j reads as %j', (text, expected) => {
  expect(Object.fromEntries(readClassWeights(text))).toEqual(expected);
});
