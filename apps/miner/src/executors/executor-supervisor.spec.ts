import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { DurableExecutor } from '@horde/testing/miner-executor/durable-executor';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';
import { OrphanExecutors } from '../background/orphan-executors.ts';
import { OverdueJobs } from '../background/overdue-jobs.ts';
import { Jobs } from '../jobs/jobs.ts';

let miner: MinerUnderTest;
beforeEach(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 2 }).listing());
});
afterEach(() => miner.close());

/** An accepted job whose executor has been started. */
const started = async () => {
  const validator = await miner.validator();
  const { connection, job_uuid } = await validator.accepted();
  return { validator, connection, job_uuid, token: await miner.manager.token(job_uuid) };
};
/** As `started`, with the executor connected. */
const running = async () => {
  const job = await started();
  const executor = await DurableExecutor.connect(miner.url, job.token);
  await executor.next('V0InitialJobRequest');
  return { ...job, executor };
};
const jobs = () =>
  miner.query<{ status: string; slot_held: boolean; connect_by: Date | null; executor_token: string }>(
    'select status, slot_held, connect_by, executor_token from job',
  );

describe('an executor that speaks durable-1 loses its connection', () => {
  it('and keeps its job, which goes on when it is back', async () => {
    const { connection, executor, token } = await running();
    executor.connection.terminate();
    await executor.connection.closed;
    await miner.part(OverdueJobs).sweep();
    const back = await DurableExecutor.connect(miner.url, token);
    back.job = executor.job;
    await back.say({ message_type: 'V0ExecutorReadyRequest' });
    await connection.next('V0ExecutorReadyRequest');
    expect(connection.types()).not.toContain('V0HordeFailedRequest');
  });

  it('and the job ends at once when its manager reports that it is gone', async () => {
    const { connection, executor, token } = await running();
    executor.connection.terminate();
    await executor.connection.closed;
    miner.manager.exit(token, 137);
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({
      reason: 'executor_disconnected',
      message: expect.stringMatching(/exit(ed with)? code 137/) as string,
    });
    await expect.poll(jobs).toMatchObject([{ slot_held: false }]);
  });

  it('and the job ends when it is gone, although its manager failed to wait for its end', async () => {
    const { wait } = miner.manager;
    miner.manager.wait = async () => {
      miner.manager.wait = wait;
      throw new Error('The machine cannot be asked.');
    };
    const { connection, executor, token } = await running();
    executor.connection.terminate();
    miner.manager.exit(token, 137);
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({ reason: 'executor_disconnected' });
    await expect.poll(jobs).toMatchObject([{ slot_held: false }]);
  });

  it('and the job ends at its deadline when nobody hears of it again', async () => {
    const { connection, executor, token } = await running();
    executor.connection.terminate();
    await miner.query(`update job set deadline = now() - interval '1 s'`);
    await miner.part(OverdueJobs).sweep();
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({ reason: 'unhandled_timeout' });
    await expect.poll(() => miner.manager.stopped).toEqual([token]);
  });

  it('because the miner is restarted: it may come back whenever it likes', async () => {
    const { executor, token, validator } = await running();
    await miner.stop();
    await executor.connection.closed;
    await miner.boot();
    expect(await jobs()).toMatchObject([{ status: 'accepted', slot_held: true, connect_by: null }]);
    const back = await DurableExecutor.connect(miner.url, token);
    back.job = executor.job;
    await back.say({ message_type: 'V0ExecutorReadyRequest' });
    const connection = await validator.login();
    await connection.next('V0ExecutorReadyRequest');
  });
});

describe('the miner is killed between asking for an executor and knowing where it is', () => {
  /** As such a miner leaves the job. */
  const forgetHandle = () =>
    miner.query('update job set executor_handle = null, connect_by = now(), start_requested_at = now()');

  it('and finds the executor that runs, by its token', async () => {
    const { token } = await started();
    await miner.stop();
    await forgetHandle();
    await miner.boot();
    await expect
      .poll(() => miner.query('select executor_handle from job'))
      .toEqual([{ executor_handle: { token } }]);
    const executor = await DurableExecutor.connect(miner.url, token);
    await executor.next('V0InitialJobRequest');
    miner.manager.exit(token, 9);
    await expect.poll(() => miner.query('select exit_code from job')).toEqual([{ exit_code: 9 }]);
  });

  it('and starts one with another token when none runs', async () => {
    const { token, job_uuid } = await started();
    await miner.stop();
    await forgetHandle();
    miner.manager.executors.length = 0;
    await miner.boot();
    const next = await miner.manager.token(job_uuid);
    expect(next).not.toBe(token);
    const late = await DurableExecutor.connect(miner.url, token);
    expect((await late.connection.closed).code).toBe(1008);
    const executor = await DurableExecutor.connect(miner.url, next);
    expect(await executor.next('V0InitialJobRequest')).toMatchObject({ job_uuid });
  });

  it('and the job has ended meanwhile: its executor is stopped', async () => {
    const { token } = await started();
    await miner.stop();
    await forgetHandle();
    await miner.query(`update job set status = 'horde_failed', ended_at = now()`);
    await miner.boot();
    await expect.poll(() => miner.manager.stopped).toEqual([token]);
    await expect.poll(jobs).toMatchObject([{ slot_held: false }]);
  });
});

describe('an executor that belongs to nobody', () => {
  it('is stopped, and the others are not', async () => {
    const { token } = await started();
    const orphan = { token: 'left by a dead miner', jobUuid: 'x', executorClass: 'always_on.test' as const };
    await miner.manager.start(
      { ...orphan, minerAddress: 'ws://x', startupTimeLimit: 5 },
      new AbortController().signal,
    );
    expect(await miner.part(OrphanExecutors).sweep()).toBe(1);
    await expect.poll(() => miner.manager.stopped).toEqual([orphan.token]);
    expect(await miner.part(OrphanExecutors).sweep()).toBe(0);
    expect((await jobs())[0]!.executor_token).toBe(token);
  });
});

it('an executor that takes its time to start keeps no other job from getting one', async () => {
  const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>();
  const { start } = miner.manager;
  miner.manager.start = () => {
    miner.manager.start = start;
    asked();
    return new Promise(() => {});
  };
  await (await miner.validator()).accepted();
  await isAsked;
  const { connection } = await running();
  expect(connection.types()).not.toContain('V0HordeFailedRequest');
  expect(await jobs()).toMatchObject([{ status: 'accepted' }, { status: 'accepted' }]);
});

describe('a job that ends while its executor is being started', () => {
  it('has it stopped as soon as that is known, and its slot is free', async () => {
    const original = miner.manager.start.bind(miner.manager);
    const { promise: go, resolve } = Promise.withResolvers<void>();
    miner.manager.start = async (request, signal) => {
      await go;
      return original(request, signal);
    };
    const validator = await miner.validator();
    const { connection, job_uuid } = await validator.accepted();
    await expect
      .poll(() => miner.query('select 1 from job where start_requested_at is not null'))
      .toHaveLength(1);
    await connection.send(validator.finished(job_uuid, { score_str: '0.000000' }));
    await connection.settled();
    expect(await jobs()).toMatchObject([{ status: 'horde_failed', slot_held: true }]);
    resolve();
    await expect.poll(jobs).toMatchObject([{ slot_held: false }]);
    expect(miner.manager.stopped).toEqual([await miner.manager.token(job_uuid)]);
  });
});

it('an executor that has started while it was looked at for its end is stopped all the same', async () => {
  const { manager } = miner;
  const held = Promise.withResolvers<void>();
  const { start } = manager;
  manager.start = async (request, signal) => {
    await held.promise;
    return start.call(manager, request, signal);
  };
  const validator = await miner.validator();
  const { connection, job_uuid } = await validator.accepted();
  const { token } = (await miner.query<{ token: string }>('select executor_token as token from job'))[0]!;

  // What is read of the job here is answered after the executor has started.
  const jobs = miner.part(Jobs);
  const looked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const executorOf = jobs.executorOf.bind(jobs);
  const spy = vi.spyOn(jobs, 'executorOf').mockImplementationOnce(async (uuid) => {
    const found = await executorOf(uuid);
    looked.resolve();
    await answered.promise;
    return found;
  });
  onTestFinished(() => spy.mockRestore());
  await connection.send(validator.finished(job_uuid, { score_str: '0.000000' }));
  await looked.promise;
  held.resolve();
  await manager.token(job_uuid);
  await expect
    .poll(() => miner.query('select executor_handle is not null as known from job'))
    .toEqual([{ known: true }]);
  await connection.settled();
  answered.resolve();
  await expect.poll(() => manager.stopped).toEqual([token]);
});
