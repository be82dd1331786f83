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
  });

  it.each([
    [[], 'No command was given'],
    [['migrate'], 'There is no command "migrate"'],
    [['run_executor'], '--startup-time-limit is missing'],
    [['run_executor', '--startup-time-limit'], '--startup-time-limit has no value'],
    [['run_executor', '--startup-time-limit', '--job-runner-class'], '--startup-time-limit has no value'],
    [['run_executor', '--startup-time-limit='], '--startup-time-limit has no value'],
    [['run_executor', '--startup-time-limit', '0'], 'a whole number of seconds above 0'],
    [['run_executor', '--startup-time-limit', '1.5'], 'a whole number of seconds above 0'],
    [['run_executor', '--verbose', '--startup-time-limit', '5'], 'There is no option "--verbose"'],
    [
      ['run_executor', '--startup-time-limit', '5', '--job-runner-class', 'custom.Runner'],
      '--job-runner-class is "custom.Runner": this executor has docker and process only.',
    ],
  ])('%j is refused with a sentence', (words, sentence) => {
    expect(() => readArguments(words)).toThrow(ArgumentsError);
    expect(() => readArguments(words)).toThrow(sentence);
  });
});
