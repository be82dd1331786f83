import { errors, HordeError, toPlain } from '@horde/protocol';
import { ImageUnavailable } from '@horde/job-runner';
import { describe, expect, it } from 'vitest';
import { badExit, failureMessage, overrun } from './failure.ts';
import type { Stage } from './stages.ts';

const at = (stage: Stage) => ({ jobUuid: 'the-job', stage, ending: null });
const ending = { exitCode: 3, timedOut: false, stdout: 'out', stderr: 'err', containerId: 'c', imageId: 'i' };

describe('how a job that failed is reported', () => {
  it.each([
    ['volume_download', 'not in place'],
    ['execution', 'still running'],
    ['result_upload', 'not uploaded'],
  ] as const)('an overrun in %s: the job timed out', (stage, words) => {
    expect(failureMessage(overrun(stage, 5), at(stage))).toMatchObject({
      message_type: 'V0JobFailedRequest',
      job_uuid: 'the-job',
      reason: 'timeout',
      stage,
      message: expect.stringContaining(words) as string,
      docker_process_exit_status: null,
    });
  });

  it('an overrun of the start: the horde failed', () => {
    const message = failureMessage(overrun('executor_startup', 5), at('executor_startup'));
    expect(message).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      reported_by: 'executor',
      reason: 'generic_error',
      message: 'The executor was not ready within 5 s.',
    });
    expect(toPlain(message.context)).toEqual({ stage: 'executor_startup' });
  });

  it('an exit code: the job failed, with what it printed and its last words', () => {
    expect(failureMessage(badExit(3, 'a\nno such file\n'), { ...at('execution'), ending })).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'nonzero_return_code',
      stage: 'execution',
      message: 'The job ended with exit code 3. The last line of its stderr: no such file',
      docker_process_exit_status: 3,
      docker_process_stdout: 'out',
      docker_process_stderr: 'err',
    });
    expect(badExit(1, '').message).toBe('The job ended with exit code 1.');
    expect(badExit(1, 'x'.repeat(5_000)).message.length).toBeLessThan(400);
  });

  it('a download that failed: the job failed, with what to do about it', () => {
    const error = new HordeError('VOLUME', 'Too large.', {
      hint: 'Split it.',
      retryable: false,
      wire: { reason: 'download_failed', stage: 'volume_download' },
    });
    expect(failureMessage(error, at('volume_download'))).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'download_failed',
      stage: 'volume_download',
      message: 'Too large. Split it.',
    });
  });

  it.each([
    [
      new ImageUnavailable('a/b:c', 'no such image'),
      'generic_error',
      'The image a/b:c is not on this machine',
    ],
    [errors.STREAMING_NOT_OFFERED(), 'streaming_failed', 'does not offer streaming yet'],
    [errors.EXECUTOR_STOPPED(), 'generic_error', 'The executor was stopped.'],
    [
      Object.assign(new Error('connect ENOENT /var/run/docker.sock'), { syscall: 'connect', code: 'ENOENT' }),
      'generic_error',
      'cannot reach its Docker engine: ENOENT',
    ],
  ])('%s: the horde failed', (error, reason, words) => {
    expect(failureMessage(error, at('executor_startup'))).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      reason,
      message: expect.stringContaining(words) as string,
    });
  });

  it.each([
    [new RangeError('out of range'), 'RangeError'],
    ['a text', 'unknown'],
    [undefined, 'unknown'],
  ])('anything else (%s): the horde failed, naming what it was and where', (error, type) => {
    const message = failureMessage(error, at('execution'));
    expect(message).toMatchObject({ message_type: 'V0HordeFailedRequest', reason: 'unhandled_exception' });
    expect(toPlain(message.context)).toEqual({ exception_type: type, stage: 'execution' });
  });
});
