import { describe, expect, it } from 'vitest';
import { ArgumentsError, readArguments } from './arguments.ts';

describe('the command line of an executor', () => {
  it('is read as miners write it', () => {
    expect(readArguments(['run_executor', '--startup-time-limit', '5'])).toEqual({
      startupTimeLimit: 5,
      jobRunner: null,
    });
    expect(
      readArguments(['run_executor', '--job-runner-class', 'process', '--startup-time-limit=30']),
    ).toEqual({ startupTimeLimit: 30, jobRunner: 'process' });
    expect(
      readArguments([
        'run_executor',
        '--startup-time-limit',
        '5',
        '--job-runner-class',
        '/a b/run.ts:Runner',
      ]),
    ).toEqual({ startupTimeLimit: 5, jobRunner: '/a b/run.ts:Runner' });
  });

  it.each([
    [[], 'No command was given'],
    [['migrate'], 'There is no command "migrate"'],
    [['doctor'], 'An executor has no doctor: `miner doctor` looks at'],
    [['explain', '9a1b'], '`miner explain JOB` tells'],
    [['run_executor'], '--startup-time-limit is missing'],
    [
      ['run_executor', '--startup-time-limit'],
      "Option '--startup-time-limit <value>' argument missing; usage:",
    ],
    [['run_executor', '--startup-time-limit', '--job-runner-class'], 'argument is ambiguous; usage:'],
    [['run_executor', '5'], "Unexpected argument '5'"],
    [['run_executor', '--startup-time-limit='], 'a whole number of seconds above 0'],
    [['run_executor', '--startup-time-limit', '0'], 'a whole number of seconds above 0'],
    [['run_executor', '--startup-time-limit', '1.5'], 'a whole number of seconds above 0'],
    [['run_executor', '--verbose', '--startup-time-limit', '5'], "Unknown option '--verbose'"],
    [
      ['run_executor', '--startup-time-limit', '5', '--job-runner-class', 'custom_runners.Runner'],
      '--job-runner-class is "custom_runners.Runner": it must be docker, process or path/to/module.ts:ClassName. ' +
        'A Python class cannot be run by this executor.',
    ],
    [
      ['run_executor', '--startup-time-limit', '5', '--job-runner-class', 'runner.ts'],
      '--job-runner-class is "runner.ts": it must be docker, process or path/to/module.ts:ClassName.',
    ],
  ])('%j is refused with a sentence', (words, sentence) => {
    expect(() => readArguments(words)).toThrow(ArgumentsError);
    expect(() => readArguments(words)).toThrow(sentence);
  });
});
