import { errors, HordeError, toPlain } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { badExit, failureMessage, overrun } from './failure.ts';
import type { Stage } from './stages.ts';

const at = (stage: Stage) => ({ jobUuid: 'the-job', stage, outcome: null, cancelledBy: null });
const outcome = { exitCode: 3, stdout: 'out', stderr: 'err' };
const exited = (exitCode: number, stderr: string) => badExit({ exitCode, stderr, limit: null });
const named = (name: string, message: string, facts = {}) =>
  Object.assign(new Error(message), { name, ...facts });

describe('how a job that failed is reported', () => {
  it.each([
    ['volume_download', 'not in place'],
    ['streaming_startup', 'could not be reached'],
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
    expect(failureMessage(exited(3, 'a\nno such file\n'), { ...at('execution'), outcome })).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'nonzero_return_code',
      stage: 'execution',
      message: 'The job ended with exit code 3. The last line of its stderr: no such file',
      docker_process_exit_status: 3,
      docker_process_stdout: 'out',
      docker_process_stderr: 'err',
    });
    expect(exited(1, '').message).toBe('The job ended with exit code 1.');
    expect(exited(1, 'x'.repeat(5_000)).message.length).toBeLessThan(400);
  });

  it('a limit of the machine: the job failed with 137, naming the limit', () => {
    const limited = badExit({ exitCode: 137, stderr: 'x', limit: 'The job used more than 1 GiB of memory.' });
    const killed = { exitCode: 137, stdout: '', stderr: 'x' };
    expect(failureMessage(limited, { ...at('execution'), outcome: killed })).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'nonzero_return_code',
      stage: 'execution',
      message: 'The job used more than 1 GiB of memory.',
      docker_process_exit_status: 137,
      docker_process_stderr: 'x',
    });
  });

  it('a job that was cancelled: it failed, naming who did it, with what it had printed', () => {
    const printed = { stdout: 'so far', stderr: '' };
    const progress = { ...at('execution'), outcome: printed, cancelledBy: 'the user' };
    const message = failureMessage(errors.JOB_CANCELLED('the user'), progress);
    expect(message).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'unknown',
      stage: 'execution',
      message: 'Cancelled by the user.',
      docker_process_exit_status: null,
      docker_process_stdout: 'so far',
    });
    expect(toPlain(message.context)).toEqual({ cancelled_by: 'the user' });
  });

  it('a request that the engine calls bad: the job failed, with what the engine says', () => {
    const cause = Object.assign(new Error('(HTTP code 400)'), {
      statusCode: 400,
      json: { message: 'invalid environment variable: =x' },
    });
    expect(failureMessage(new Error('refused', { cause }), at('execution'))).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'unknown',
      stage: 'execution',
      message: expect.stringContaining('invalid environment variable: =x') as string,
    });
  });

  it('a machine that is not safe: the horde failed, with what the check saw', () => {
    const facts = { facts: { return_code: 1, stdout: 'mounted', stderr: '' } };
    const message = failureMessage(
      named('SecurityCheckFailed', 'A job could leave its container.', facts),
      at('volume_download'),
    );
    expect(message).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      reason: 'security_check_failed',
      message: expect.stringContaining('A job could leave its container.') as string,
    });
    expect(toPlain(message.context)).toEqual({
      return_code: 1,
      stdout: 'mounted',
      stderr: '',
      stage: 'volume_download',
    });
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
      errors.IMAGE_UNAVAILABLE('a/b:c', 'no such image'),
      'generic_error',
      'The image a/b:c is not on this machine',
    ],
    [
      errors.STREAMING_PORT_TAKEN(6006),
      'streaming_failed',
      'port 6006 of this machine: something else uses it',
    ],
    [named('PluginError', 'There is no file x.ts.'), 'generic_error', 'There is no file x.ts.'],
    [errors.NVIDIA_RUNTIME_MISSING(), 'generic_error', 'This machine has no NVIDIA container runtime'],
    [
      Object.assign(new Error('(HTTP code 500)'), {
        statusCode: 500,
        json: { message: 'the disk is broken' },
      }),
      'generic_error',
      'The Docker engine refused: the disk is broken',
    ],
    [errors.EXECUTOR_STOPPED(), 'generic_error', 'The executor was stopped.'],
    [
      Object.assign(new Error('connect ENOENT /var/run/docker.sock'), { syscall: 'connect', code: 'ENOENT' }),
      'generic_error',
      'cannot reach its Docker engine: ENOENT',
    ],
    [
      Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }),
      'generic_error',
      'cannot reach its Docker engine: ECONNRESET',
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
    [new Error('of some library'), 'Error'],
    ['a text', 'unknown'],
    [undefined, 'unknown'],
  ])('anything else (%s): the horde failed, naming what it was and where', (error, type) => {
    const message = failureMessage(error, at('execution'));
    expect(message).toMatchObject({ message_type: 'V0HordeFailedRequest', reason: 'unhandled_exception' });
    expect(toPlain(message.context)).toEqual({ exception_type: type, stage: 'execution' });
  });
});
