import {
  ExecutionDone,
  ExecutorReady,
  GenericError,
  JobFinished,
  MachineSpecs,
  make,
  toJsonValue,
  VolumesReady,
  type JsonObject,
} from '@horde/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';
import { OverdueJobs } from '../background/overdue-jobs.ts';

let miner: MinerUnderTest;

beforeEach(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }));
});
afterEach(() => miner.close());

/** An accepted job, whose executor is connected and has its initial request. */
async function started() {
  const validator = await miner.validator();
  const accepted = await validator.accepted();
  const token = await miner.manager.token(accepted.job_uuid);
  const executor = await miner.durable(token);
  await executor.nextFrame('V0InitialJobRequest');
  return { validator, executor, token, ...accepted };
}

const job = async (uuid: string) => (await miner.query('select * from job where uuid = $1', uuid))[0]!;
const specs = (job_uuid: string, n: number) =>
  make(MachineSpecs, { job_uuid, specs: toJsonValue({ specs: { n } }) as JsonObject });
const finished = (job_uuid: string) =>
  make(JobFinished, { job_uuid, docker_process_stdout: 'done', docker_process_stderr: '' });

describe('an executor that speaks durable-1', () => {
  it('gets its requests numbered, word for word, and has its messages acknowledged once they are stored', async () => {
    const { validator, executor, connection, job_uuid, token } = await started();
    const [initial] = executor.heard;
    expect(initial).toMatchObject({ is: 'message', job: job_uuid, number: 1 });
    const { initial_request, executor_durable } = await job(job_uuid);
    expect(initial).toMatchObject({ text: initial_request });
    expect(executor_durable).toBe(true);
    await executor.message(job_uuid, 1, make(ExecutorReady, { job_uuid, executor_token: token }));
    await executor.acknowledged(1);
    expect(await job(job_uuid)).toMatchObject({ status: 'executor_ready', executor_number: '1' });
    await connection.next('V0ExecutorReadyRequest');
    await connection.send(validator.signed(validator.payload(job_uuid)));
    expect(await executor.nextFrame('V0JobRequest')).toMatchObject({ number: 2 });
  });

  it('may say a thing twice: it is acknowledged twice, and told once', async () => {
    const { executor, connection, job_uuid } = await started();
    for (let i = 0; i < 2; i++) {
      await executor.message(job_uuid, 1, specs(job_uuid, 1));
      await executor.acknowledged(1);
    }
    await executor.message(job_uuid, 2, finished(job_uuid));
    await connection.next('V0JobFinishedRequest');
    expect(connection.types().filter((type) => type === 'V0MachineSpecsRequest')).toHaveLength(1);
  });

  it('that numbers a message by another job is told so, and its own numbers still count', async () => {
    const { executor, connection, job_uuid } = await started();
    await executor.message(crypto.randomUUID(), Number.MAX_SAFE_INTEGER, make(ExecutorReady, { job_uuid }));
    expect((await executor.nextFrame('GenericError'))['details']).toBe(
      'job_uuid: is not the job of this token',
    );
    await executor.message(job_uuid, 1, make(ExecutorReady, { job_uuid }));
    await connection.next('V0ExecutorReadyRequest');
  });

  it('is told of a message that cannot be read, and goes on', async () => {
    const { executor, connection, job_uuid } = await started();
    await executor.message(job_uuid, 1, make(GenericError, { details: 'numbered by mistake' }));
    await executor.message(job_uuid, 2, make(ExecutorReady, { job_uuid: crypto.randomUUID() }));
    expect((await executor.nextFrame('GenericError'))['details']).toBe(
      'job_uuid: is not the job of this token',
    );
    await executor.acknowledged(2);
    await executor.message(job_uuid, 3, make(ExecutorReady, { job_uuid }));
    await connection.next('V0ExecutorReadyRequest');
  });
});

describe('an executor that speaks durable-1 loses its connection', () => {
  it('and keeps its job; back again it gets what came meanwhile, and says what the miner lacks', async () => {
    const { validator, executor, connection, job_uuid, token } = await started();
    await executor.message(job_uuid, 1, make(ExecutorReady, { job_uuid }));
    await executor.acknowledged(1);
    await executor.vanish();
    await connection.next('V0ExecutorReadyRequest');
    await connection.send(validator.signed(validator.payload(job_uuid)));
    await connection.settled();

    const back = await miner.durable(token);
    await back.resume(job_uuid, 1);
    expect(await back.resumed()).toBe(1);
    expect(await back.nextFrame('V0JobRequest')).toMatchObject({ number: 2 });
    await back.message(job_uuid, 2, make(VolumesReady, { job_uuid }));
    await back.message(job_uuid, 3, finished(job_uuid));
    await connection.next('V0JobFinishedRequest');
    expect(connection.types()).toEqual([
      'V0ExecutorManifestRequest',
      'V0AcceptJobRequest',
      'V0ExecutorReadyRequest',
      'GenericError',
      'V0VolumesReadyRequest',
      'V0JobFinishedRequest',
    ]);
    expect(back.types()).toEqual(['V0JobRequest']);
  });

  it('behind every message, before its acknowledgement: the validator hears each of them once', async () => {
    const { executor, connection, job_uuid, token } = await started();
    const says = [
      make(ExecutorReady, { job_uuid }),
      specs(job_uuid, 1),
      make(VolumesReady, { job_uuid }),
      specs(job_uuid, 2),
      make(ExecutionDone, { job_uuid }),
      finished(job_uuid),
    ];
    let peer = executor;
    for (let number = 1; number <= says.length; number++) {
      // Half of them are stored and half are not: the executor cannot know which.
      void peer.message(job_uuid, number, says[number - 1]!);
      if (number % 2 === 0) await peer.acknowledged(number);
      await peer.vanish();
      if ((await job(job_uuid))['ended_at']) break;
      peer = await miner.durable(token);
      await peer.resume(job_uuid, 1);
      const stored = await peer.resumed();
      expect(stored).toBeLessThanOrEqual(number);
      for (let again = stored + 1; again <= number; again++) {
        await peer.message(job_uuid, again, says[again - 1]!);
        await peer.acknowledged(again);
      }
    }
    await connection.next('V0JobFinishedRequest');
    expect(connection.types().slice(2)).toEqual(says.map(({ message_type }) => message_type));
  });

  it('for longer than anybody waits for one on plain v0: the job has its own time', async () => {
    const { executor, connection, job_uuid, token } = await started();
    await executor.message(job_uuid, 1, make(ExecutorReady, { job_uuid }));
    await executor.acknowledged(1);
    await miner.stop();
    await miner.boot();
    expect(await job(job_uuid)).toMatchObject({ connect_by: null, status: 'executor_ready' });
    await miner.part(OverdueJobs).sweep();
    const back = await miner.durable(token);
    await back.resume(job_uuid, 1);
    expect(await back.resumed()).toBe(1);
    await back.message(job_uuid, 2, finished(job_uuid));
    await back.acknowledged(2);
    expect((await connection.connection.closed).code).toBe(1001);
    expect(await job(job_uuid)).toMatchObject({ status: 'completed' });
  });

  it('and ends while it is away: the job fails at once, with its exit code', async () => {
    const { executor, connection, token } = await started();
    await executor.vanish();
    miner.manager.exit(token, 137);
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({
      reason: 'executor_disconnected',
      message: expect.stringMatching(/code 137/) as string,
    });
  });

  it('because it ended, with a result that was never sent: the job fails at once', async () => {
    const { executor, connection, token } = await started();
    miner.manager.exit(token, 1);
    await executor.vanish();
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({ reason: 'executor_disconnected' });
  });

  it('and is away at the job’s hard deadline: the job ends by force, and the executor is stopped', async () => {
    const { executor, connection, job_uuid, token } = await started();
    await executor.vanish();
    await miner.query(`update job set deadline = now() - interval '1 s' where uuid = $1`, job_uuid);
    await miner.part(OverdueJobs).sweep();
    expect(await connection.next('V0HordeFailedRequest')).toMatchObject({ reason: 'unhandled_timeout' });
    await expect.poll(() => miner.manager.stopped).toContain(token);
  });
});

it('an executor comes back before anybody has noticed that its old connection is dead: it is let in', async () => {
  const { executor, connection, job_uuid, token } = await started();
  // It hears nothing any more, and would not answer.
  executor.connection.hold();
  const back = await miner.durable(token);
  await back.resume(job_uuid, 1);
  expect(await back.resumed()).toBe(0);
  await back.message(job_uuid, 1, make(ExecutorReady, { job_uuid }));
  await connection.next('V0ExecutorReadyRequest');
});

describe('an executor that speaks durable-1 comes back after its job has ended', () => {
  it('by its own result, whose acknowledgement was lost: it hears that all of it is stored', async () => {
    const { executor, connection, job_uuid, token } = await started();
    await executor.message(job_uuid, 1, make(ExecutorReady, { job_uuid }));
    await executor.message(job_uuid, 2, finished(job_uuid));
    await connection.next('V0JobFinishedRequest');
    await executor.vanish();
    const back = await miner.durable(token);
    await back.resume(job_uuid, 1);
    expect(await back.resumed()).toBe(2);
    await back.message(job_uuid, 2, finished(job_uuid));
    await back.acknowledged(2);
    await connection.settled();
    expect(connection.types().filter((type) => type === 'V0JobFinishedRequest')).toHaveLength(1);
  });

  it('by the miner’s decision: it is refused, and need not work any more', async () => {
    const { executor, connection, job_uuid, token } = await started();
    await executor.message(job_uuid, 1, make(ExecutorReady, { job_uuid }));
    await executor.acknowledged(1);
    await executor.vanish();
    await miner.query(`update job set deadline = now() - interval '1 s' where uuid = $1`, job_uuid);
    await miner.part(OverdueJobs).sweep();
    await connection.next('V0HordeFailedRequest');
    const back = await miner.durable(token);
    expect((await back.nextFrame('GenericError'))['details']).toMatch(/belongs to no job/);
    expect((await back.connection.closed).code).toBe(1008);
  });
});

it('an executor that leaves on plain v0 fails its job, also where others speak durable-1', async () => {
  const { connection, job_uuid } = await (await miner.validator()).accepted();
  const token = await miner.manager.token(job_uuid);
  const plain = await miner.durable(token, ['cancel-1']);
  await plain.nextFrame('V0InitialJobRequest');
  await plain.vanish();
  expect(await connection.next('V0HordeFailedRequest')).toMatchObject({ reason: 'executor_disconnected' });
});
