import { CancelJob, ExecutorReady, JobFailed, JobFinished, make, writeFrame } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { OverdueJobs } from '../background/overdue-jobs.ts';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }));
});
afterAll(() => miner.close());

async function started() {
  const validator = await miner.validator();
  const accepted = await validator.accepted();
  const token = await miner.manager.token(accepted.job_uuid);
  // One whose job ends while it is being started is stopped in any case.
  await expect.poll(async () => (await job(accepted.job_uuid))['executor_handle']).not.toBeNull();
  return { validator, ...accepted, token };
}

const cancel = (job_uuid: string) =>
  make(CancelJob, { job_uuid, cancelled_by: 'the user', message: 'no need' });
const cancelled = {
  reason: 'unknown',
  message: 'Cancelled by the user.',
  context: { cancelled_by: 'the user' },
};
const job = async (uuid: string) => (await miner.query('select * from job where uuid = $1', uuid))[0]!;

describe('a job is cancelled', () => {
  it('before its executor has connected: it ends at once, and the executor is stopped', async () => {
    const { connection, job_uuid, token } = await started();
    await connection.send(cancel(job_uuid));
    expect(await connection.next('V0JobFailedRequest')).toMatchObject({
      ...cancelled,
      stage: 'executor_startup',
    });
    await expect.poll(() => miner.manager.stopped).toContain(token);
    await expect.poll(async () => (await job(job_uuid))['slot_held']).toBe(false);
    const late = await miner.knock(token);
    expect((await late.next('GenericError')).details).toMatch(/belongs to no job/);
  });

  it('while it runs: its executor is told word for word, and says how it ended', async () => {
    const { connection, job_uuid, token } = await started();
    const executor = await miner.durable(token);
    await executor.message(job_uuid, 1, make(ExecutorReady, { job_uuid }));
    await connection.next('V0ExecutorReadyRequest');
    for (let i = 0; i < 2; i++) await connection.send(cancel(job_uuid));
    expect(await executor.nextFrame('V0CancelJobRequest')).toMatchObject({
      number: 3,
      raw: writeFrame(cancel(job_uuid)),
    });
    const failure = { job_uuid, message: 'Cancelled by the user.', docker_process_stdout: 'so far' };
    await executor.message(job_uuid, 2, make(JobFailed, failure));
    expect(await connection.next('V0JobFailedRequest')).toMatchObject(failure);
    await connection.settled();
    expect(executor.types()).toEqual(['V0InitialJobRequest', 'V0CancelJobRequest']);
    expect(miner.manager.stopped).not.toContain(token);
  });

  it('and closed by its validator before its executor has ended it: it has failed by that', async () => {
    const { validator, connection, job_uuid, token } = await started();
    const executor = await miner.durable(token);
    await executor.message(job_uuid, 1, make(ExecutorReady, { job_uuid }));
    await connection.next('V0ExecutorReadyRequest');
    await connection.send(cancel(job_uuid));
    await executor.nextFrame('V0CancelJobRequest');
    await connection.send(validator.finished(job_uuid, { score_str: '1.000000' }));
    await connection.settled();
    const end = 'select status, message from job_event where job_uuid = $1 order by at desc limit 1';
    expect(await miner.query(end, job_uuid)).toEqual([
      { status: 'failed', message: 'Cancelled by the user.' },
    ]);
    await expect.poll(() => miner.manager.stopped).toContain(token);
  });

  it('and its executor does not end it: the miner does, twenty seconds later', async () => {
    const { connection, job_uuid, token } = await started();
    const executor = await miner.durable(token);
    await executor.nextFrame('V0InitialJobRequest'); // one that is not let in yet would not be asked
    await connection.send(cancel(job_uuid));
    await executor.nextFrame('V0CancelJobRequest');
    await miner.query(`update job set cancelled_at = now() - interval '19 s' where uuid = $1`, job_uuid);
    await miner.part(OverdueJobs).sweep();
    expect(await job(job_uuid)).toMatchObject({ ended_at: null });
    await miner.query(`update job set cancelled_at = now() - interval '21 s' where uuid = $1`, job_uuid);
    await miner.part(OverdueJobs).sweep();
    expect(await connection.next('V0JobFailedRequest')).toMatchObject(cancelled);
    await expect.poll(() => miner.manager.stopped).toContain(token);
  });

  it('whose executor has never heard of cancellation: the miner ends it, and the executor is sent no strange frame', async () => {
    const { connection, job_uuid, token } = await started();
    const executor = await miner.executor(token);
    await executor.send(make(ExecutorReady, { job_uuid }));
    await connection.next('V0ExecutorReadyRequest');
    await connection.send(cancel(job_uuid));
    expect(await connection.next('V0JobFailedRequest')).toMatchObject({
      ...cancelled,
      stage: 'volume_download',
    });
    await expect.poll(() => miner.manager.stopped).toContain(token);
    expect(executor.types()).toEqual(['V0InitialJobRequest']);
  });

  it('while its executor is away: the executor is stopped where it is', async () => {
    const { connection, job_uuid, token } = await started();
    const executor = await miner.durable(token);
    await executor.nextFrame('V0InitialJobRequest');
    await executor.vanish();
    await expect
      .poll(async () => {
        await connection.send(cancel(job_uuid));
        return (await job(job_uuid))['status'];
      })
      .toBe('failed');
    await expect.poll(() => miner.manager.stopped).toContain(token);
  });

  it('and the executor comes back only then: it is told', async () => {
    const { connection, job_uuid, token } = await started();
    const executor = await miner.durable(token);
    await executor.message(job_uuid, 1, make(ExecutorReady, { job_uuid }));
    await executor.acknowledged(1);
    executor.connection.hold();
    await connection.send(cancel(job_uuid));
    await connection.settled();
    const back = await miner.durable(token);
    await back.resume(job_uuid, 1);
    expect(await back.nextFrame('V0CancelJobRequest')).toMatchObject({ number: 3 });
  });
});

it('a job that has ended cannot be cancelled', async () => {
  const { connection, job_uuid, token } = await started();
  const executor = await miner.durable(token);
  await executor.message(
    job_uuid,
    1,
    make(JobFinished, { job_uuid, docker_process_stdout: '', docker_process_stderr: '' }),
  );
  await connection.next('V0JobFinishedRequest');
  await connection.send(cancel(job_uuid));
  await connection.settled();
  expect(await job(job_uuid)).toMatchObject({ status: 'completed', cancelled_at: null });
});

it('nobody cancels another validator’s job', async () => {
  const { job_uuid } = await started();
  const other = await (await miner.validator()).login();
  await other.send(cancel(job_uuid));
  expect((await other.next('GenericError')).details).toMatch(/has no job .* of yours/);
  expect(await job(job_uuid)).toMatchObject({ status: 'accepted', cancelled_at: null });
});
