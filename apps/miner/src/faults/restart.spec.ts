import { ExecutorReady, JobFinished, make } from '@horde/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { OverdueJobs } from '../background/overdue-jobs.ts';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeEach(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 1 }));
});
afterEach(() => miner.close());

const finished = (job_uuid: string) =>
  make(JobFinished, { job_uuid, docker_process_stdout: 'done', docker_process_stderr: '' });

describe('the miner is restarted while an executor runs', () => {
  it('takes the executor back, and its result reaches the validator', async () => {
    const validator = await miner.validator();
    const { job_uuid } = await validator.accepted();
    const token = await miner.manager.token(job_uuid);
    const executor = await miner.executor(token);
    await executor.send(make(ExecutorReady, { job_uuid }));
    await executor.settled();
    await miner.stop();
    expect((await executor.connection.closed).code).toBe(1001);
    await miner.boot();

    const back = await miner.executor(token);
    await back.send(finished(job_uuid));
    const connection = await validator.login();
    await connection.send(validator.signed(validator.payload(job_uuid)));
    await connection.next('V0JobFinishedRequest');
    expect(connection.types()).toEqual([
      'V0ExecutorManifestRequest',
      'V0AcceptJobRequest',
      'V0ExecutorReadyRequest',
      'V0JobFinishedRequest',
    ]);
    expect(miner.manager.executors).toHaveLength(1);
    await connection.send(validator.initial());
    await connection.next('V0DeclineJobRequest');
    miner.manager.exit(token, 0);
    await expect.poll(() => miner.query('select 1 from job where slot_held')).toEqual([]);
  });

  it('fails the job when the executor has ended meanwhile', async () => {
    const validator = await miner.validator();
    const { job_uuid } = await validator.accepted();
    const token = await miner.manager.token(job_uuid);
    await (await miner.executor(token)).settled();
    await miner.stop();
    miner.manager.exit(token, 1);
    await miner.boot();
    const connection = await validator.login();
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({
      job_uuid,
      reason: 'executor_disconnected',
    });
    expect(await miner.query('select 1 from job where slot_held')).toEqual([]);
  });

  it('fails the job when the executor does not come back within half a minute', async () => {
    const validator = await miner.validator();
    const { job_uuid } = await validator.accepted();
    const token = await miner.manager.token(job_uuid);
    await (await miner.executor(token)).settled();
    await miner.stop();
    await miner.boot();
    const [row] = await miner.query<{ s: number }>(
      'select extract(epoch from connect_by - now())::float as s from job',
    );
    expect(row!.s).toBeGreaterThan(20);
    await miner.part(OverdueJobs).sweep();
    await miner.query(`update job set connect_by = now() - interval '1 s'`);
    const connection = await validator.login();
    await miner.part(OverdueJobs).sweep();
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({
      job_uuid,
      reason: 'executor_disconnected',
      message: 'The executor left before the job ended (it did not come back in time).',
    });
    await expect.poll(() => miner.manager.stopped).toEqual([token]);
  });
});

describe('the miner stops between accepting a job and starting its executor', () => {
  it('starts it once, in its next life', async () => {
    miner.manager.startsHang = true;
    const { job_uuid } = await (await miner.validator()).accepted();
    await expect
      .poll(() => miner.query('select 1 from job where start_requested_at is not null'))
      .toHaveLength(1);
    await miner.stop();
    miner.manager.startsHang = false;
    await miner.boot();
    await miner.manager.token(job_uuid);
    await expect
      .poll(() => miner.query('select status, slot_held from job'))
      .toEqual([{ status: 'accepted', slot_held: true }]);
    expect(miner.manager.executors).toHaveLength(1);
  });

  it('and does not know whether it runs: it waits for it, starts no second one, and then gives up', async () => {
    miner.manager.startsHang = true;
    const validator = await miner.validator();
    await validator.accepted();
    await miner.stop();
    // As a miner leaves it that is killed in the middle of the start.
    await miner.query('update job set start_requested_at = now(), connect_by = now()');
    miner.manager.startsHang = false;
    await miner.boot();
    await miner.part(OverdueJobs).sweep();
    expect(await miner.query('select status, slot_held from job')).toEqual([
      { status: 'accepted', slot_held: true },
    ]);
    await miner.query(`update job set connect_by = now() - interval '1 s'`);
    await miner.part(OverdueJobs).sweep();
    const connection = await validator.login();
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({ reason: 'executor_spinup_failed' });
    await expect.poll(() => miner.query('select 1 from job where slot_held')).toEqual([]);
    expect(miner.manager.executors).toEqual([]);
  });
});
