import { expect, it } from 'vitest';
import { waitSentence } from './follow.ts';

const wait = { id: null, type: 'wait', since: new Date(0) } as const;

it.each([
  ['It waits for its turn.', new Date(28_000), 'It waits for its turn (for 28 s at most).'],
  ['It waits for its turn.', new Date(-1), 'It waits for its turn.'],
  ['a miner', null, 'a miner'],
])('what is waited for, %j until %s, is one sentence', (waitsFor, until, sentence) =>
  expect(waitSentence({ ...wait, waitsFor, until }, 0)).toBe(sentence),
);
