import { setTimeout as sleep } from 'node:timers/promises';
import { verifyHex } from '@horde/identity';
import {
  ExecutorFailed,
  ExecutorReady,
  HordeFailed,
  JobFailed,
  JobFinished,
  MachineSpecs,
  make,
  StreamingDetails,
  StreamingJobNotReady,
  StreamingJobReady,
  VolumesReady,
} from '@horde/protocol';
import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';
import { OverdueJobs } from '../background/overdue-jobs.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }));
});
afterEach(() => {
  miner.manager.startError = null;
  miner.manager.address = async () => null;
});
afterAll(() => miner.close());

/** An accepted job whose executor has been started. */
async function started(changes = {}) {
  const validator = await miner.validator();
  const accepted = await validator.accepted(changes);
  return { validator, ...accepted, token: await miner.manager.token(accepted.job_uuid) };
}

const job = async (uuid: string) => (await miner.query('select * from job where uuid = $1', uuid))[0]!;

describe('a token', () => {
  it.each(['x', `${crypto.randomUUID()}-${crypto.randomUUID()}`])(
    'that belongs to no job is refused: %s',
    async (token) => {
      const executor = await miner.knock(token);
      expect((await executor.next('GenericError')).details).toMatch(/belongs to no job/);
      expect((await executor.connection.closed).code).toBe(1008);
    },
  );

  it('is its newest connection’s: one that nobody has noticed to be dead does not keep its executor out', async () => {
    const { connection, job_uuid, token } = await started();
    const first = await miner.executor(token);
    await first.send(make(ExecutorReady, { job_uuid }));
    const second = await miner.executor(token);
    expect((await first.connection.closed).code).toBe(1006);
    await second.send(make(VolumesReady, { job_uuid }));
    await connection.next('V0VolumesReadyRequest');
    expect(connection.types().slice(2)).toEqual(['V0ExecutorReadyRequest', 'V0VolumesReadyRequest']);
    expect(miner.manager.stopped).not.toContain(token);
  });

  it('of a job that has ended is refused', async () => {
    const { connection, job_uuid, token } = await started();
    const executor = await miner.executor(token);
    await executor.send(
      make(HordeFailed, { job_uuid, reported_by: 'executor', reason: 'generic_error', message: 'no' }),
    );
    await connection.next('V0HordeFailedRequest');
    await executor.close();
    const again = await miner.knock(token);
    expect((await again.next('GenericError')).details).toMatch(/belongs to no job/);
  });
});

describe('an executor that leaves before its job has ended', () => {
  it('fails the job, with the close code and the exit code, or with the exit code alone when that is there first', async () => {
    const { connection, job_uuid, token } = await started();
    const executor = await miner.executor(token);
    miner.manager.exit(token, 137);
    executor.connection.terminate();
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({
      job_uuid,
      reported_by: 'miner',
      reason: 'executor_disconnected',
      message: expect.stringMatching(
        /^The executor left before the job ended \((its connection was closed with code 1006, exit|it exited with) code 137\)\.$/,
      ) as string,
    });
    await expect.poll(async () => (await job(job_uuid))['slot_held']).toBe(false);
  });

  it('is stopped when it still runs', async () => {
    const { connection, token } = await started();
    await (await miner.executor(token)).close();
    expect((await connection.next('V0HordeFailedRequest'))['message']).toMatch(/closed with code 1000\)/);
    await expect.poll(() => miner.manager.stopped).toContain(token);
  });

  it('but has sent its result keeps it, although it exits at once', async () => {
    const { connection, job_uuid, token } = await started();
    const executor = await miner.executor(token);
    // Work for the miner, so that the connection is gone long before the result is looked at.
    for (let i = 0; i < 40; i++)
      void executor.send(make(MachineSpecs, { job_uuid, specs: new Map([['specs', i]]) }));
    void executor.send(make(JobFinished, { job_uuid, docker_process_stdout: '', docker_process_stderr: '' }));
    miner.manager.exit(token, 0);
    await executor.close();
    await connection.next('V0JobFinishedRequest');
    expect(connection.types()).not.toContain('V0HordeFailedRequest');
  });
});

it('an executor that comes back while its leaving is being looked into keeps its job', async () => {
  const { connection, job_uuid, token } = await started();
  const first = await miner.executor(token);
  // Holds up the second connection where it has shown its token and is not let in yet.
  await miner.query('begin');
  await miner.query('select 1 from job where uuid = $1 for update', job_uuid);
  await first.close();
  const second = await miner.knock(token);
  await sleep(1_000); // longer than an exit code is waited for
  await miner.query('commit');
  await second.next('V0InitialJobRequest');
  await second.send(make(ExecutorReady, { job_uuid }));
  await connection.next('V0ExecutorReadyRequest');
  expect(connection.types()).not.toContain('V0HordeFailedRequest');
});

describe('an executor that never connects', () => {
  it('fails the job when its time is over, and is stopped', async () => {
    const { connection, job_uuid, token } = await started();
    await expect.poll(async () => (await job(job_uuid))['executor_handle']).not.toBeNull();
    await miner.query(`update job set connect_by = now() - interval '1 second' where uuid = $1`, job_uuid);
    await miner.part(OverdueJobs).sweep();
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({
      reason: 'executor_spinup_failed',
      message: 'The executor could not be started: it did not connect in time.',
    });
    await expect.poll(() => miner.manager.stopped).toContain(token);
    await expect.poll(async () => (await job(job_uuid))['slot_held']).toBe(false);
  });

  it('because it has exited fails the job at once', async () => {
    const { connection, job_uuid, token } = await started();
    miner.manager.exit(token, 2);
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({
      job_uuid,
      reason: 'executor_spinup_failed',
      message: 'The executor could not be started: it exited with code 2.',
    });
  });
});

it('an executor that cannot be started fails the job, and its slot is free', async () => {
  miner.manager.startError = new Error('no machine answers');
  const validator = await miner.validator();
  const { connection, job_uuid } = await validator.accepted();
  expect(await connection.next('V0HordeFailedRequest')).toMatchObject({
    job_uuid,
    reported_by: 'miner',
    reason: 'executor_spinup_failed',
    message: 'The executor could not be started: no machine answers',
  });
  await expect.poll(async () => (await job(job_uuid))['slot_held']).toBe(false);
});

it('a job that takes longer than all of its limits together is ended, and its executor stopped', async () => {
  const { connection, job_uuid, token } = await started({ timeout_seconds: 30 });
  await miner.executor(token);
  // 3 s to spin up, 5 s to start, 10 s to connect, 30 s of its own, 60 s more.
  const { deadline, accepted_at } = (await job(job_uuid)) as { deadline: Date; accepted_at: Date };
  expect(deadline.getTime() - accepted_at.getTime()).toBe(108_000);
  await miner.query(
    `update job set accepted_at = now() - interval '109 s', deadline = now() - interval '1 s' where uuid = $1`,
    job_uuid,
  );
  await miner.part(OverdueJobs).sweep();
  expect(await connection.next('V0HordeFailedRequest')).toMatchObject({
    reason: 'unhandled_timeout',
    message: 'The job did not end within 108 s, all of its limits together.',
  });
  await expect.poll(() => miner.manager.stopped).toContain(token);
});

describe('an executor’s message', () => {
  it('about another job than its own is refused', async () => {
    const { connection, job_uuid, token } = await started();
    const other = await started();
    const executor = await miner.executor(token);
    await executor.send(make(ExecutorReady, { job_uuid: other.job_uuid }));
    expect((await executor.next('GenericError')).details).toBe('job_uuid: is not the job of this token');
    expect((await job(other.job_uuid))['status']).toBe('accepted');
    await executor.send(make(ExecutorReady, { job_uuid }));
    await connection.next('V0ExecutorReadyRequest');
  });

  it('that comes after the end changes nothing', async () => {
    const { connection, job_uuid, token } = await started();
    const executor = await miner.executor(token);
    await executor.send(
      make(JobFailed, {
        job_uuid,
        message: 'exit code 1',
        reason: 'nonzero_return_code',
        docker_process_exit_status: 1,
        docker_process_stdout: 'a\0',
      }),
    );
    await executor.send(
      make(JobFinished, { job_uuid, docker_process_stdout: '', docker_process_stderr: '' }),
    );
    await executor.settled();
    await connection.next('V0JobFailedRequest');
    expect(await job(job_uuid)).toMatchObject({ status: 'failed' });
    expect(
      await miner.query('select stdout, exit_status from job_result where job_uuid = $1', job_uuid),
    ).toEqual([{ stdout: 'a\uFFFD', exit_status: '1' }]);
    expect(connection.types()).not.toContain('V0JobFinishedRequest');
  });

  it('keeps an exit status of any size', async () => {
    const { connection, job_uuid, token } = await started();
    const executor = await miner.executor(token);
    const docker_process_exit_status = 3_221_225_786; // a process of Windows that was interrupted
    await executor.send(make(JobFailed, { job_uuid, docker_process_exit_status }));
    expect(await connection.next('V0JobFailedRequest')).toMatchObject({ docker_process_exit_status });
  });

  it('of an older executor is told as a failure that every validator knows', async () => {
    const one = await started();
    await (await miner.executor(one.token)).send(make(ExecutorFailed, { job_uuid: one.job_uuid }));
    expect(await one.connection.next('V0HordeFailedRequest')).toMatchObject({
      reported_by: 'executor',
      reason: 'generic_error',
    });
    const two = await started();
    await (await miner.executor(two.token)).send(make(StreamingJobNotReady, { job_uuid: two.job_uuid }));
    expect(await two.connection.next('V0JobFailedRequest')).toMatchObject({
      stage: 'streaming_startup',
      reason: 'unknown',
    });
  });
});

it('a job request that comes while the executor is being greeted follows the initial request, once', async () => {
  const { validator, connection, job_uuid, token } = await started({
    streaming_details: make(StreamingDetails, { public_key: 'PEM\n' }),
  });
  await expect.poll(async () => (await job(job_uuid))['executor_handle']).not.toBeNull();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string | null>();
  miner.manager.address = () => {
    asked.resolve();
    return answer.promise;
  };
  const executor = await miner.knock(token);
  await asked.promise;
  await connection.send(validator.signed(validator.payload(job_uuid)));
  await connection.settled();
  answer.resolve('203.0.113.9');
  await executor.next('V0JobRequest');
  await executor.settled();
  expect(executor.types()).toEqual(['V0InitialJobRequest', 'V0JobRequest', 'GenericError']);
});

it('a streaming job’s executor is told its address, and the validator gets it with the miner’s signature', async () => {
  const { connection, job_uuid, token } = await started({
    streaming_details: make(StreamingDetails, { public_key: 'PEM\n' }),
  });
  const executor = await miner.knock(token, { 'X-Real-IP': '203.0.113.7' });
  expect(await executor.next('V0InitialJobRequest')).toMatchObject({
    streaming_details: { public_key: 'PEM\n', executor_ip: '203.0.113.7' },
  });
  await executor.send(make(StreamingJobReady, { job_uuid, public_key: 'CERT\n', port: 6006 }));
  const ready = await connection.next('V0StreamingJobReadyRequest');
  expect(ready).toMatchObject({ ip: '203.0.113.7', port: 6006, executor_token: null });
  const text = `${job_uuid}:203.0.113.7:6006:CERT\n`;
  expect(verifyHex(text, ready['miner_signature'] as string, miner.hotkey)).toBe(true);
});
