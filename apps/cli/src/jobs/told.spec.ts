import type { JobDescription } from '@horde/sdk';
import { expect, it } from 'vitest';
import { lookedFor } from './told.ts';

const at = new Date(0);
const told: JobDescription = {
  sentence: 'X.',
  waitsFor: null,
  waitsSince: null,
  waitsUntil: null,
  toldBy: 'validator',
  attempts: [
    {
      number: 1,
      minerHotkey: '5F',
      startedAt: at,
      endedAt: at,
      outcome: 'declined',
      message: 'Busy.\u001b[2J',
    },
  ],
  choices: [
    { at, sentence: 'Y.', candidates: [{ minerHotkey: 'old', reason: 'busy' }], counts: {} },
    {
      at,
      sentence: 'Z.',
      candidates: [
        { minerHotkey: '5C', reason: null },
        { minerHotkey: '5G', reason: 'not_tried' },
      ],
      counts: {},
    },
  ],
};

it('a description names who was asked, and who else could not have the job at the last look', () => {
  expect(lookedFor(told)).toEqual([
    '',
    'ASKED  OUTCOME',
    '5F     declined  Busy. [2J',
    '',
    'MINER  WHY NOT',
    '5G     not tried',
  ]);
  expect(lookedFor({ ...told, attempts: [], choices: [] })).toEqual([]);
});
