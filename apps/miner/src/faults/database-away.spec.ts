import { ExecutorReady, JobFinished, make } from '@horde/protocol';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFaultProxy, type FaultProxy } from '@horde/testing/fault-proxy';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;
let proxy: FaultProxy;
let validator: ScriptedValidator;

beforeEach(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 1 }));
  validator = await miner.validator();
  await miner.stop();
  proxy = await openFaultProxy(miner.databasePort);
  await miner.boot(proxy.port);
});
afterEach(async () => {
  proxy.shut = false;
  await miner.close();
  proxy.close();
});

const away = () => {
  proxy.shut = true;
  proxy.cut();
};
/** Whoever needs it in the meantime has failed by then. */
const back = async () => {
  await sleep(1_500);
  proxy.shut = false;
};
const slots = () => miner.query('select 1 from job where slot_held');
const finished = (job_uuid: string) =>
  make(JobFinished, { job_uuid, docker_process_stdout: 'done', docker_process_stderr: '' });

describe('the database is away for a while', () => {
  it('when an executor exits: its slot is free afterwards, and its job has ended', async () => {
    const { job_uuid } = await validator.accepted();
    const token = await miner.manager.token(job_uuid);
    const executor = await miner.executor(token);
    away();
    await executor.close();
    miner.manager.exit(token, 9);
    await back();
    await expect.poll(slots).toEqual([]);
    const again = await validator.login();
    expect(await again.next('V0HordeFailedRequest')).toMatchObject({
      job_uuid,
      reason: 'executor_disconnected',
    });
  });

  it('when an executor has just been started: it is this job’s all the same, and is seen out', async () => {
    const { start } = miner.manager;
    miner.manager.start = async (request, signal) => {
      away();
      return start.call(miner.manager, request, signal);
    };
    const { job_uuid } = await validator.accepted();
    const token = await miner.manager.token(job_uuid);
    await back();
    await expect
      .poll(() => miner.query('select executor_handle from job'), { timeout: 15_000 })
      .toEqual([{ executor_handle: { token } }]);
    const executor = await miner.executor(token);
    await executor.send(make(ExecutorReady, { job_uuid }));
    await executor.send(finished(job_uuid));
    await executor.settled();
    miner.manager.exit(token, 0);
    await expect.poll(slots).toEqual([]);
    expect(await miner.query('select status from job')).toEqual([{ status: 'completed' }]);
  });

  it('when an executor tells the end of its job, on plain v0: its connection stays, and its result is stored', async () => {
    const { job_uuid } = await validator.accepted();
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    away();
    await executor.send(finished(job_uuid));
    await back();
    await executor.settled();
    expect(await miner.query('select status, stdout from job join job_result on job_uuid = uuid')).toEqual([
      { status: 'completed', stdout: 'done' },
    ]);
  });

  it('when a validator authenticates and asks for a job: it is answered afterwards, not cut off and called again at once', async () => {
    away();
    const connection = await validator.connect();
    await connection.send(validator.auth());
    await connection.send(validator.initial());
    await back();
    await connection.next('V0ExecutorManifestRequest');
    await connection.next('V0AcceptJobRequest');
  });

  it('when a validator that speaks durable-1 confirms and resumes: its connection stays, and it hears what follows', async () => {
    const connection = await validator.durable();
    const request = validator.signed(validator.initial());
    const { job_uuid } = request;
    await connection.message(job_uuid, 1, request);
    const { number } = await connection.nextFrame('V0AcceptJobRequest');
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    await connection.settled();
    away();
    await connection.connection.sendText(JSON.stringify(['ack', job_uuid, number]));
    await connection.resume(job_uuid, number!);
    await back();
    expect(await connection.resumed()).toBe(1);
    await executor.send(make(ExecutorReady, { job_uuid }));
    await connection.nextFrame('V0ExecutorReadyRequest');
    expect(connection.types()).toEqual(['V0AcceptJobRequest', 'V0ExecutorReadyRequest']);
  });

  it('when a validator says what is to be run: its executor is told afterwards', async () => {
    const { connection, job_uuid } = await validator.accepted();
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    away();
    await connection.send(validator.signed(validator.payload(job_uuid)));
    await back();
    await executor.next('V0JobRequest');
  });
});
