import { PreparedStatement } from '@horde/database';
import { ExecutionDone, ExecutorReady, JobFinished, make, VolumesReady } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';
import { OutboxCleaning } from '../background/outbox-cleaning.ts';
import { ValidatorDelivery } from './validator-delivery.ts';
import { ValidatorSession } from './validator-session.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }));
});
afterAll(() => miner.close());

/** The readings of the outbox for one job, from now on. */
function watchReadings() {
  const run = vi.spyOn(PreparedStatement.prototype, 'run');
  const readings = () =>
    run.mock.results.filter((_result, n) =>
      /from outbox where subject/.test((run.mock.contexts[n] as PreparedStatement).text),
    );
  return { readings, end: () => run.mockRestore() };
}

async function started() {
  const validator = await miner.validator();
  const accepted = await validator.accepted();
  const executor = await miner.executor(await miner.manager.token(accepted.job_uuid));
  return { validator, executor, ...accepted };
}

const finished = (job_uuid: string) =>
  make(JobFinished, { job_uuid, docker_process_stdout: 'done', docker_process_stderr: '' });
const ends = (types: string[]) => types.filter((type) => type === 'V0JobFinishedRequest');

describe('a validator that was away when its job ended', () => {
  it('gets the end once on each connection on which it asks for the job, until its finished receipt has come', async () => {
    const { validator, executor, connection, job_uuid } = await started();
    await connection.close();
    await executor.send(make(ExecutorReady, { job_uuid }));
    await executor.send(finished(job_uuid));
    await executor.close();
    for (let i = 0; i < 2; i++) {
      const again = await validator.login();
      await again.send(validator.signed(validator.payload(job_uuid)));
      await again.next('V0JobFinishedRequest');
      await again.send(validator.signed(validator.payload(job_uuid)));
      await again.settled();
      expect(ends(again.types())).toHaveLength(1);
      if (i === 1) {
        await again.send(validator.finished(job_uuid));
        await again.settled();
      }
      await again.close();
    }
    const late = await validator.login();
    await late.send(validator.initial({ job_uuid }));
    expect((await late.next('GenericError')).details).toMatch(/has ended \(completed\)/);
    expect(ends(late.types())).toEqual([]);
  });

  it('gets the end on a new connection that says nothing, as Python validators do when they come back', async () => {
    const { validator, executor, connection, job_uuid } = await started();
    await connection.close();
    await executor.send(finished(job_uuid));
    const again = await validator.login();
    await again.next('V0JobFinishedRequest');
    expect(ends(again.types())).toHaveLength(1);
    await again.close();
  });

  it('does not get it on a connection that names other jobs only', async () => {
    const { validator, executor, connection, job_uuid } = await started();
    await connection.close();
    const other = await validator.accepted();
    await executor.send(finished(job_uuid));
    await executor.settled();
    const named = await validator.login();
    await named.send(validator.signed(validator.payload(job_uuid)));
    await named.next('V0JobFinishedRequest');
    await other.connection.settled();
    expect(ends(other.connection.types())).toEqual([]);
  });
});

describe('a validator that lost its connection while the job runs', () => {
  it('hears again how far the job is when it names it, and goes on there', async () => {
    const { validator, executor, connection, job_uuid } = await started();
    await executor.send(make(ExecutorReady, { job_uuid }));
    await connection.next('V0ExecutorReadyRequest');
    connection.connection.terminate();
    const again = await validator.login();
    await again.send(validator.signed(validator.payload(job_uuid)));
    await again.next('V0ExecutorReadyRequest');
    await executor.next('V0JobRequest');
    await executor.send(make(VolumesReady, { job_uuid }));
    await again.next('V0VolumesReadyRequest');
    expect(again.types()).toEqual([
      'V0ExecutorManifestRequest',
      'V0AcceptJobRequest',
      'V0ExecutorReadyRequest',
      'V0VolumesReadyRequest',
    ]);
  });

  it('hears the rest on its newest connection only', async () => {
    const { validator, executor, connection, job_uuid } = await started();
    const newer = await validator.login();
    await newer.send(validator.signed(validator.payload(job_uuid)));
    await newer.settled();
    await executor.send(make(ExecutionDone, { job_uuid }));
    await newer.next('V0ExecutionDoneRequest');
    // By the time of a later message the older one would have had the first.
    await executor.send(finished(job_uuid));
    await newer.next('V0JobFinishedRequest');
    await connection.settled();
    expect(connection.types()).not.toContain('V0ExecutionDoneRequest');
  });
});

it('another validator hears nothing of the job', async () => {
  const { executor, connection, job_uuid } = await started();
  const other = await (await miner.validator()).login();
  await other.send(make(ExecutorReady, { job_uuid }));
  await executor.send(finished(job_uuid));
  await connection.next('V0JobFinishedRequest');
  await other.settled();
  expect(other.types()).toEqual(['V0ExecutorManifestRequest', 'GenericError']);
});

it('a message that nobody fetches is given up, and its job forgotten, a day after the end of its job', async () => {
  const { executor, connection, job_uuid } = await started();
  await executor.send(finished(job_uuid));
  await connection.next('V0JobFinishedRequest');
  const waiting = () => miner.query('select type from outbox where subject = $1', job_uuid);
  await miner.part(OutboxCleaning).clean();
  expect(await waiting()).toHaveLength(2);
  expect(miner.part(ValidatorDelivery).named()).toContain(job_uuid);
  await miner.query(`update job set ended_at = now() - interval '25 hours' where uuid = $1`, job_uuid);
  await miner.part(OutboxCleaning).clean();
  expect(await waiting()).toEqual([]);
  expect(miner.part(ValidatorDelivery).named()).not.toContain(job_uuid);
});

describe('a request that was declined because all executors are busy', () => {
  it('is not kept, and its decline only for minutes: later connections do not get it', async () => {
    const validator = await miner.validator();
    const { offered } = miner.manager;
    miner.manager.offered = {};
    const connection = await validator.login();
    const request = validator.initial();
    await connection.send(request);
    await connection.next('V0DeclineJobRequest');
    miner.manager.offered = offered;
    const job = async () => (await miner.query('select * from job where uuid = $1', request.job_uuid))[0]!;
    expect(await job()).toMatchObject({ status: 'rejected', initial_request: '' });
    await connection.close();
    const clean = () => miner.part(OutboxCleaning).clean();
    const ended = (ago: string) =>
      miner.query(`update job set ended_at = now() - $2::interval where uuid = $1`, request.job_uuid, ago);
    const messages = () => miner.query('select type from outbox where subject = $1', request.job_uuid);
    await ended('4 minutes');
    await clean();
    expect(await messages()).toEqual([{ type: 'V0DeclineJobRequest' }]);
    await ended('6 minutes');
    await clean();
    expect(await messages()).toEqual([]);
    const again = await validator.login();
    await again.send(request);
    expect((await again.next('GenericError')).details).toMatch(/was declined/);
    expect(again.types()).not.toContain('V0DeclineJobRequest');
  });
});

it('what is stored is sent behind what was stored before it and nobody has rung for, with one reading of the outbox', async () => {
  const { executor, connection, job_uuid, validator } = await started();
  await executor.settled();
  const { readings, end } = watchReadings();
  await executor.send(make(ExecutorReady, { job_uuid }));
  await connection.next('V0ExecutorReadyRequest');
  expect(readings()).toHaveLength(1);
  // As by a transaction whose answer was lost: nobody has rung for it.
  await miner.query(
    `insert into outbox (peer, subject, type, frame) values ($1, $2, 'V0VolumesReadyRequest', $3)`,
    validator.hotkey,
    job_uuid,
    JSON.stringify(make(VolumesReady, { job_uuid })),
  );
  await executor.send(make(ExecutionDone, { job_uuid }));
  await connection.next('V0ExecutionDoneRequest');
  expect(readings()).toHaveLength(2);
  const told = connection.types().filter((type) => /Ready|Done/.test(type));
  expect(told).toEqual(['V0ExecutorReadyRequest', 'V0VolumesReadyRequest', 'V0ExecutionDoneRequest']);
  end();
});

it('what has waited for another change of its job is sent behind what that has stored', async () => {
  const { executor, connection, job_uuid, validator } = await started();
  await executor.settled();
  await miner.query('begin');
  await miner.query('select from job where uuid = $1 for update', job_uuid);
  await executor.send(make(ExecutorReady, { job_uuid }));
  await expect.poll(() => miner.query('select from pg_locks where not granted')).toHaveLength(1);
  await miner.query(
    `insert into outbox (peer, subject, type, frame) values ($1, $2, 'V0VolumesReadyRequest', $3)`,
    validator.hotkey,
    job_uuid,
    JSON.stringify(make(VolumesReady, { job_uuid })),
  );
  await miner.query('commit');
  await connection.next('V0ExecutorReadyRequest');
  const told = connection.types().filter((type) => /Ready/.test(type));
  expect(told).toEqual(['V0VolumesReadyRequest', 'V0ExecutorReadyRequest']);
});

it('a validator that comes back to many jobs with large results does not have all of them read at once', async () => {
  const validator = await miner.validator();
  const jobs: string[] = [];
  for (let n = 0; n < 3; n++) {
    const { connection, job_uuid } = await validator.accepted();
    await connection.close();
    jobs.push(job_uuid);
    const result = JSON.stringify(finished(job_uuid)).replace('done', 'x'.repeat(17_000_000));
    await miner.query(
      `insert into outbox (peer, subject, type, frame) values ($1, $2, 'V0JobFinishedRequest', $3)`,
      validator.hotkey,
      job_uuid,
      result,
    );
  }
  const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
  let large = 0;
  const { readings, end } = watchReadings();
  const deliver = ValidatorSession.prototype.deliver;
  const spy = vi.spyOn(ValidatorSession.prototype, 'deliver').mockImplementation(async function (
    this: ValidatorSession,
    job,
    number,
    frame,
  ) {
    if (frame.length > 1_000_000) {
      large++;
      await isReleased;
    }
    return deliver.call(this, job, number, frame);
  });
  const connections = await Promise.all(
    jobs.map(async (job) => {
      const connection = await validator.login();
      await connection.send(validator.signed(validator.payload(job)));
      return connection;
    }),
  );
  await expect.poll(() => readings().length).toBe(jobs.length);
  await Promise.all(readings().map(({ value }) => value as unknown));
  await expect.poll(() => large).toBe(1);
  await connections[0]!.settled();
  expect(large).toBe(1);
  release();
  for (const connection of connections) await connection.next('V0JobFinishedRequest');
  for (const connection of connections) await connection.close();
  spy.mockRestore();
  end();
}, 90_000);
