import { ExecutorReady, JobFinished, make, VolumesReady } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DurablePeer } from '@horde/testing/durable-peer';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }));
});
afterAll(() => miner.close());

/** A job that was asked for on a durable connection, and its executor. */
async function accepted() {
  const validator = await miner.validator();
  const connection = await validator.durable();
  const request = validator.signed(validator.initial());
  const { job_uuid } = request;
  await connection.message(job_uuid, 1, request);
  const answer = await connection.nextFrame('V0AcceptJobRequest');
  const executor = await miner.executor(await miner.manager.token(job_uuid));
  return { validator, connection, job_uuid, executor, answer };
}

const waiting = async (uuid: string) =>
  (await miner.query<{ type: string }>('select type from outbox where subject = $1 order by id', uuid)).map(
    ({ type }) => type,
  );
const finished = (job_uuid: string) =>
  make(JobFinished, { job_uuid, docker_process_stdout: 'done', docker_process_stderr: '' });
const numbers = (peer: DurablePeer) =>
  peer.heard.flatMap((heard) => (heard.is === 'message' ? [heard.number] : []));

it('a job that is resumed again and again on one connection is sent once on it, and the connection is closed', async () => {
  const { connection, job_uuid, executor } = await accepted();
  await executor.send(finished(job_uuid));
  await connection.nextFrame('V0JobFinishedRequest');
  for (let n = 0; n < 20; n++) await connection.resume(job_uuid, 0);
  expect(await connection.connection.closed).toMatchObject({ code: 1008 });
  expect(connection.types()).toEqual(['V0AcceptJobRequest', 'V0JobFinishedRequest']);
});

describe('a validator that speaks durable-1', () => {
  it('has its messages acknowledged, and hears numbered ones, which the miner keeps until they are confirmed', async () => {
    const { validator, connection, job_uuid, executor } = await accepted();
    await connection.acknowledged(1);
    await expect.poll(() => waiting(job_uuid)).toEqual([]);
    await connection.message(job_uuid, 3, validator.signed(validator.payload(job_uuid)));
    await executor.next('V0JobRequest');
    connection.acknowledges = false;
    await executor.send(make(ExecutorReady, { job_uuid }));
    await connection.nextFrame('V0ExecutorReadyRequest');
    expect(await waiting(job_uuid)).toEqual(['V0ExecutorReadyRequest']);
    expect(numbers(connection)).toEqual(numbers(connection).toSorted((a, b) => a - b));
    expect(new Set(numbers(connection)).size).toBe(2);
  });

  it('may ask twice for the same job, and is answered once', async () => {
    const { validator, connection, job_uuid } = await accepted();
    await expect.poll(() => waiting(job_uuid)).toEqual([]);
    await connection.message(job_uuid, 1, validator.signed(validator.initial({ job_uuid })));
    await connection.settled();
    expect(connection.types()).toEqual(['V0AcceptJobRequest']);
  });
});

describe('a validator that speaks durable-1 comes back', () => {
  it('and hears what follows what it has, and how far the miner is', async () => {
    const { validator, connection, job_uuid, executor, answer } = await accepted();
    await connection.message(job_uuid, 3, validator.signed(validator.payload(job_uuid)));
    await connection.acknowledged(3);
    await connection.vanish();
    await executor.send(make(ExecutorReady, { job_uuid }));
    await executor.send(make(VolumesReady, { job_uuid }));
    await executor.send(finished(job_uuid));
    await executor.settled();

    const back = await validator.durable();
    await back.resume(job_uuid, answer.number!);
    expect(await back.resumed()).toBe(3);
    await back.nextFrame('V0JobFinishedRequest');
    expect(back.types()).toEqual(['V0ExecutorReadyRequest', 'V0VolumesReadyRequest', 'V0JobFinishedRequest']);
    await back.message(job_uuid, 5, validator.finished(job_uuid));
    await back.acknowledged(5);
    const again = await validator.durable();
    await again.resume(job_uuid, numbers(back).at(-1)!);
    expect(await again.resumed()).toBe(5);
    expect(await waiting(job_uuid)).toEqual([]);
  });

  it('after it has lost what it was told: it hears all that it has not confirmed, and confirmed things never again', async () => {
    const { validator, connection, job_uuid, executor, answer } = await accepted();
    await expect.poll(() => waiting(job_uuid)).toEqual([]);
    connection.acknowledges = false;
    await executor.send(make(ExecutorReady, { job_uuid }));
    const ready = await connection.nextFrame('V0ExecutorReadyRequest');
    await connection.vanish();
    const back = await validator.durable();
    await back.resume(job_uuid, answer.number!);
    expect((await back.nextFrame('V0ExecutorReadyRequest')).number).toBe(ready.number);
    expect(back.types()).toEqual(['V0ExecutorReadyRequest']);
  });

  it('to a miner that was restarted', async () => {
    const { validator, connection, job_uuid, executor, answer } = await accepted();
    connection.acknowledges = false;
    await executor.send(make(ExecutorReady, { job_uuid }));
    await executor.settled();
    await miner.stop();
    await miner.boot();
    const back = await validator.durable();
    await back.resume(job_uuid, answer.number!);
    expect(await back.resumed()).toBe(1);
    await back.nextFrame('V0ExecutorReadyRequest');
  });

  it('and hears nothing of jobs that it does not ask for', async () => {
    const { validator, connection, job_uuid, executor } = await accepted();
    await connection.vanish();
    await executor.send(make(ExecutorReady, { job_uuid }));
    await executor.settled();
    const back = await validator.durable();
    await back.settled();
    const plain = await validator.login();
    await plain.next('V0ExecutorReadyRequest');
    expect(back.types()).toEqual([]);
  });
});

it('another validator’s job is none to resume', async () => {
  const { job_uuid, executor, connection } = await accepted();
  const thief = await (await miner.validator()).durable();
  await thief.resume(job_uuid, 0);
  expect(await thief.resumed()).toBe(0);
  await executor.send(make(ExecutorReady, { job_uuid }));
  await connection.nextFrame('V0ExecutorReadyRequest');
  await thief.settled();
  expect(thief.types()).toEqual([]);
});

it('what is said of jobs before the authentication is neither done nor acknowledged, and can be said again', async () => {
  const validator = await miner.validator();
  const peer = await validator.connectDurable();
  const request = validator.signed(validator.initial());
  const { job_uuid } = request;
  await peer.message(job_uuid, 1, request);
  await peer.resume(job_uuid, 0);
  await peer.plain(validator.auth());
  await peer.nextFrame('V0ExecutorManifestRequest');
  await peer.resume(job_uuid, 0);
  expect(await peer.resumed()).toBe(0);
  expect(peer.heard).toHaveLength(2);
  await peer.message(job_uuid, 1, request);
  await peer.nextFrame('V0AcceptJobRequest');
});

it('a validator that does not take what it is told does not keep the miner from other jobs', async () => {
  const { connection, executor, job_uuid } = await accepted();
  connection.connection.hold();
  await executor.send(
    make(JobFinished, { job_uuid, docker_process_stdout: 'x'.repeat(10_000_000), docker_process_stderr: '' }),
  );
  await executor.settled();
  const other = await accepted();
  await other.executor.send(finished(other.job_uuid));
  await other.connection.nextFrame('V0JobFinishedRequest');
});
