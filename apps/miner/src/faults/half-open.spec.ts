import { executorPath, ExecutorReady, JobFinished, make, VolumesReady } from '@horde/protocol';
import { limits } from '@horde/transport';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openFaultProxy, type FaultProxy } from '@horde/testing/fault-proxy';
import { DurablePeer } from '@horde/testing/durable-peer';
import { Peer } from '@horde/testing/peer';
import { RecordingManager } from '@horde/testing/recording-manager';
import { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { Sockets } from '../http/sockets.ts';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;
/** The way to the miner that falls silent: no end of a connection hears that the other one is gone. */
let proxy: FaultProxy;

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const settings = { connectionsPerValidator: 1 };
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }), settings);
});
beforeEach(async () => (proxy = await openFaultProxy(Number(new URL(miner.url).port))));
afterEach(() => proxy.close());
afterAll(async () => {
  vi.useRealTimers();
  await miner.close();
});

const there = () => miner.part(Sockets).connections;
const throughProxy = () => `ws://127.0.0.1:${proxy.port}`;

/** Enough heartbeats for the miner to give up who is silent; the others say something in each. */
async function heartbeats(...others: { settled(): Promise<void> }[]): Promise<void> {
  for (let i = 0; i < 4; i++) {
    vi.advanceTimersByTime(limits.heartbeat);
    await Promise.all(others.map((other) => other.settled()));
  }
}

/** A validator that can be told to take the way that falls silent. */
async function aValidator() {
  const far = { away: true };
  const validator = new ScriptedValidator(() => (far.away ? throughProxy() : miner.url), miner.hotkey);
  await miner.query(
    'insert into validator (hotkey, active, debug) values ($1, true, true)',
    validator.hotkey,
  );
  return { validator, far };
}

const job = async (uuid: string) => (await miner.query('select * from job where uuid = $1', uuid))[0]!;
const finished = (job_uuid: string) =>
  make(JobFinished, { job_uuid, docker_process_stdout: 'done', docker_process_stderr: '' });

describe('the only connection that a validator may have falls silent', () => {
  it('on durable-1: the miner ends it, and on its next one the validator hears what it missed', async () => {
    const { validator, far } = await aValidator();
    const connection = await validator.durable();
    const request = validator.signed(validator.initial());
    const { job_uuid } = request;
    await connection.message(job_uuid, 1, request);
    const { number } = await connection.nextFrame('V0AcceptJobRequest');
    await connection.settled();
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    proxy.blackhole();
    far.away = false;
    await executor.send(make(ExecutorReady, { job_uuid }));
    await executor.send(make(VolumesReady, { job_uuid }));
    await executor.settled();
    expect(there().validator).toBe(1);

    await heartbeats(executor);
    expect(there().validator).toBe(0);
    const back = await validator.durable();
    await back.resume(job_uuid, number!);
    expect(await back.resumed()).toBe(1);
    await back.nextFrame('V0VolumesReadyRequest');
    expect(back.types()).toEqual(['V0ExecutorReadyRequest', 'V0VolumesReadyRequest']);
    await back.vanish();
    await executor.close();
  });

  it('on plain v0: likewise, although it only authenticates', async () => {
    const { validator, far } = await aValidator();
    const { job_uuid } = await validator.accepted();
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    proxy.blackhole();
    far.away = false;
    await executor.send(make(ExecutorReady, { job_uuid }));
    await executor.settled();

    await heartbeats(executor);
    expect(there().validator).toBe(0);
    const back = await validator.login();
    expect(await back.next('V0ExecutorReadyRequest')).toMatchObject({ job_uuid });
    await back.close();
    await executor.close();
  });
});

describe('the connection of an executor falls silent', () => {
  async function started() {
    const validator = await miner.validator();
    const accepted = await validator.accepted();
    const token = await miner.manager.token(accepted.job_uuid);
    return { validator, token, ...accepted };
  }

  it('on durable-1: the miner ends it, the job goes on, and the next one brings what was missed', async () => {
    const { validator, connection, job_uuid, token } = await started();
    const executor = await DurablePeer.connect(throughProxy() + executorPath(token));
    await executor.nextFrame('V0InitialJobRequest');
    await executor.message(job_uuid, 1, make(ExecutorReady, { job_uuid }));
    await executor.acknowledged(1);
    proxy.blackhole();
    await connection.send(validator.signed(validator.payload(job_uuid)));

    await heartbeats(connection);
    expect(there().executor).toBe(0);
    expect(await job(job_uuid)).toMatchObject({ status: 'executor_ready', ended_at: null });
    const back = await miner.durable(token);
    await back.resume(job_uuid, 1);
    expect(await back.resumed()).toBe(1);
    await back.nextFrame('V0JobRequest');
    await back.message(job_uuid, 2, finished(job_uuid));
    await connection.next('V0JobFinishedRequest');
    await back.vanish();
    await connection.close();
  });

  it('on plain v0: the miner ends it and the job, says so, and stops the executor', async () => {
    const { connection, job_uuid, token } = await started();
    const executor = await Peer.connect(throughProxy() + executorPath(token));
    await executor.next('V0InitialJobRequest');
    await executor.send(make(ExecutorReady, { job_uuid }));
    await executor.settled();
    proxy.blackhole();

    await heartbeats(connection);
    expect(there().executor).toBe(0);
    const failure = await connection.next('V0HordeFailedRequest');
    expect(failure).toMatchObject({ job_uuid, reason: 'executor_disconnected' });
    expect(failure['message']).toMatch(/closed with code 1006/);
    await expect.poll(() => miner.manager.stopped).toContain(token);
    await expect.poll(async () => (await job(job_uuid))['slot_held']).toBe(false);
    await connection.close();
  });
});
