import type { ExecutorClass } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { changesOf, readClassLimits } from './manifest-rules.ts';

const executorClass = 'always_on.llm.a6000';
const one = (count: number) => new Map<ExecutorClass, number>([[executorClass, count]]);

describe('how many executors of a class one miner may have', () => {
  it.each([
    ['always_on.llm.a6000=2', [['always_on.llm.a6000', 2]]],
    [
      ' always_on.test = 0 ,always_on.llm.a6000=10',
      [
        ['always_on.test', 0],
        ['always_on.llm.a6000', 10],
      ],
    ],
    ['nonsense,always_on.test=-1,always_on.llm.a6000=x,no.such=3,=4', []],
    ['', []],
  ])('%j', (text, limits) => {
    expect([...readClassLimits(text)]).toEqual(limits);
  });
});

describe('a manifest', () => {
  it.each([
    ['the first', 0, 2, 2, false],
    ['more', 2, 3, 3, false],
    ['fewer: a drop', 3, 2, 2, true],
    ['nothing: a drop', 3, 0, 0, true],
    ['more than one miner may have', 0, 50, 4, false],
  ])('with %s', (_what, before, said, count, isDrop) => {
    expect(changesOf(one(before), one(said), new Map([[executorClass, 4]]))).toEqual([
      { executorClass, count, isDrop },
    ]);
  });

  it('that says the same changes nothing', () => {
    expect(changesOf(one(2), one(2), new Map())).toEqual([]);
    expect(changesOf(one(4), one(50), new Map([[executorClass, 4]]))).toEqual([]);
    expect(changesOf(new Map(), new Map(), new Map())).toEqual([]);
  });

  it('is no drop where only the limit has become lower', () => {
    expect(changesOf(one(4), one(5), new Map([[executorClass, 2]]))).toEqual([
      { executorClass, count: 2, isDrop: false },
    ]);
  });
});
