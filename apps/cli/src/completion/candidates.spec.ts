import { expect, it } from 'vitest';
import { hordeProgram } from '../program/program.ts';
import { candidates } from './candidates.ts';
import { runValues } from './service-commands.ts';

const after = (...words: string[]) =>
  candidates(hordeProgram(true), words, {
    ...runValues(words),
    '--class': ['always_on.test', 'always_on.gpu'],
    '--profile': ['main'],
    profile: ['main'],
    job: ['7c2d0f34', '1a2b3c4d'],
  });

it.each<[string[], string[]]>([
  [['jo'], ['jobs']],
  [
    ['jobs', 'l'],
    ['list', 'logs'],
  ],
  [
    ['jobs', 'run', '--up'],
    ['--upload', '--upload-time'],
  ],
  [['jobs', 'run', 'alpine', '--class', 'always_on.t'], ['always_on.test']],
  [['jobs', 'list', '--profile', ''], ['main']],
  [['jobs', 'list', '--status', 'comp'], ['completed']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['jobs', 'run', 'alpine', '--volume', './d'], []],
  [['jobs', 'list', '--class=always_on.g'], ['--class=always_on.gpu']],
  // as bash tells it
  [['jobs', 'list', '--class', '=', 'always_on.g'], ['always_on.gpu']],
  [
    ['jobs', 'list', '--class', '='],
    ['always_on.test', 'always_on.gpu'],
  ],
  [['jobs', 'describe', '7'], ['7c2d0f34']],
  [['jobs', 'logs', '--profile', 'main', '--follow', '1'], ['1a2b3c4d']],
  [['jobs', 'describe', '7c2d0f34', ''], []],
  [['profiles', 'set', 'main', 'cl'], ['class']],
  [['profiles', 'use', 'jobs', 'l'], []],
  [['run', 'fac'], ['facilitator']],
  [['run', 'miner', 'ex'], ['explain']],
  [['run', '--settings', 'a.env', 'validator', 'explain_'], ['explain_weights']],
  [['run', 'nobody', 'ex'], []],
  [['jobs', 'run', 'alpine', '--', '--he'], []],
])('after %j come %j', (words, expected) => expect(after(...words)).toEqual(expected));

it('shells are not told of what only they use', () => {
  expect(after('com')).toEqual(['completion', 'compose']);
  expect(hordeProgram(false).helpInformation()).not.toContain('print the words that can follow');
});
