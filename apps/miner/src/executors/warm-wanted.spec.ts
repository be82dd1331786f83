import { loadSettings } from '@horde/settings';
import { describe, expect, it } from 'vitest';
import { MinerSettings } from '../settings.ts';
import { readWarmExecutors } from './warm-wanted.ts';

describe('WARM_EXECUTORS', () => {
  it('is a number for every class', () => {
    expect(readWarmExecutors(' 2 ')('always_on.test')).toBe(2);
  });

  it('or a number for each of some classes', () => {
    const wanted = readWarmExecutors('always_on.llm.a6000=2, always_on.test = 1');
    expect([wanted('always_on.llm.a6000'), wanted('always_on.test'), wanted('always_on.gpu-24gb')]).toEqual([
      2, 1, 0,
    ]);
  });

  it.each([
    ['two', 'must be a number, or classes with a number each: always_on.test=1'],
    ['always_on.test', 'must be a number'],
    ['always_on.test=-1', 'must be a number'],
    ['always_on.tset=1', 'must name executor classes; there is no class always_on.tset'],
    ['toString=1', 'there is no class toString'],
  ])('%j is refused in a sentence', (text, sentence) => {
    const environment = { WARM_EXECUTORS: text };
    expect(() => loadSettings(MinerSettings, environment)).toThrow(
      `WARM_EXECUTORS is "${text}": it ${sentence.startsWith('must') ? sentence : ''}`,
    );
    expect(() => loadSettings(MinerSettings, environment)).toThrow(sentence);
  });
});
