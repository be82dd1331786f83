import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { DurableExecutor } from '@horde/testing/miner-executor/durable-executor';
import { RecordingManager } from '@horde/testing/recording-manager';
import { OrphanExecutors } from '../background/orphan-executors.ts';
import { MinerUnderTest } from '../testing/miner.ts';
import { WarmExecutors } from './warm-executors.ts';

let miner: MinerUnderTest;
afterEach(() => miner.close());

const start = async (settings: { warmExecutors: string; maxExecutorAge?: number }, slots = 2) => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': slots }).listing(), settings);
};
const warmRows = () =>
  miner.query<{ token: string; connected: boolean }>(
    'select token, connected_at is not null as connected from warm_executor order by requested_at',
  );
/** A warm executor that has connected. */
const connected = async (n = 0) => {
  const token = await miner.manager.warmToken(n);
  const executor = await DurableExecutor.connect(miner.url, token);
  await expect
    .poll(async () => (await warmRows()).find((row) => row.token === token)?.connected, { interval: 5 })
    .toBe(true);
  return { executor, token };
};
const submit = async (validator: ScriptedValidator) => {
  const connection = await validator.login();
  const request = validator.signed(validator.initial());
  await connection.send(request);
  const answer = await connection.next('V0AcceptJobRequest', 'V0DeclineJobRequest');
  return {
    connection,
    job_uuid: request.job_uuid,
    answer: answer.message_type,
  };
};
const tokenOf = async (job_uuid: string) =>
  (
    await miner.query<{ executor_token: string }>('select executor_token from job where uuid = $1', job_uuid)
  )[0]!.executor_token;

describe('a warm executor', () => {
  it('is started before there is a job, waits for one, and does it without another being started', async () => {
    await start({ warmExecutors: '1' });
    const { executor, token } = await connected();
    expect(executor.frames).toEqual([]);
    const { connection, job_uuid } = await submit(await miner.validator());
    expect(await executor.next('V0InitialJobRequest')).toMatchObject({
      job_uuid,
    });
    expect(await tokenOf(job_uuid)).toBe(token);
    await executor.say({ message_type: 'V0ExecutorReadyRequest' });
    await connection.next('V0ExecutorReadyRequest');
    expect(miner.manager.executors.filter(({ request }) => request.jobUuid === job_uuid)).toEqual([]);
    await executor.say({
      message_type: 'V0JobFinishedRequest',
      docker_process_stdout: '',
      docker_process_stderr: '',
    });
    await connection.next('V0JobFinishedRequest');
    miner.manager.exit(token, 0);
    await expect
      .poll(() => miner.query('select exit_code from job where not slot_held'))
      .toEqual([{ exit_code: 0 }]);
  });

  it('is replaced as soon as a slot is free', async () => {
    await start({ warmExecutors: '1' }, 1);
    const { executor, token } = await connected();
    const validator = await miner.validator();
    await submit(validator);
    await executor.next('V0InitialJobRequest');
    await miner.part(WarmExecutors).keep();
    expect(await warmRows()).toEqual([]);
    expect((await submit(validator)).answer).toBe('V0DeclineJobRequest');
    miner.manager.exit(token, 0);
    const next = await connected(1);
    expect(next.token).not.toBe(token);
    expect((await submit(validator)).answer).toBe('V0AcceptJobRequest');
    await next.executor.next('V0InitialJobRequest');
  });

  it('on its way makes no job busy: the job takes it, and it begins when it comes', async () => {
    await start({ warmExecutors: '1' }, 1);
    const token = await miner.manager.warmToken(0);
    const { job_uuid, answer } = await submit(await miner.validator());
    expect(answer).toBe('V0AcceptJobRequest');
    expect(await tokenOf(job_uuid)).toBe(token);
    const executor = await DurableExecutor.connect(miner.url, token);
    expect(await executor.next('V0InitialJobRequest')).toMatchObject({
      job_uuid,
    });
  });

  it('that is taken while it is being started, and cannot be, is replaced by one of the job’s own', async () => {
    miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 1 }), { warmExecutors: '1' });
    await miner.manager.warmToken(0);
    miner.manager.exit(await miner.manager.warmToken(0), 1);
    await expect.poll(warmRows).toEqual([]);
    let refuse!: (error: Error) => void;
    const original = miner.manager.start.bind(miner.manager);
    miner.manager.start = (request, signal) =>
      request.token.startsWith('warm-')
        ? new Promise((_resolve, reject) => (refuse = reject))
        : original(request, signal);
    await expect.poll(warmRows).toHaveLength(1);
    const { job_uuid } = await submit(await miner.validator());
    refuse(new Error('no machine answers'));
    const token = await miner.manager.token(job_uuid);
    expect(token).toMatch(new RegExp(`^${job_uuid}-`));
    const executor = await miner.executor(token);
    expect(executor.types()).toEqual(['V0InitialJobRequest']);
  });

  it('that dies idle leaves its slot to jobs at once, and is replaced after a pause', async () => {
    await start({ warmExecutors: '1' }, 1);
    const { token, executor } = await connected();
    executor.connection.terminate();
    miner.manager.exit(token, 1);
    await expect.poll(warmRows, { interval: 5 }).toEqual([]);
    await miner.part(WarmExecutors).keep();
    expect(await warmRows()).toEqual([]);
    const { answer } = await submit(await miner.validator());
    expect(answer).toBe('V0AcceptJobRequest');
  });

  it('that is too old is stopped, and another takes its place', async () => {
    const sweeping = vi.spyOn(OrphanExecutors.prototype, 'sweep');
    await start({ warmExecutors: '1', maxExecutorAge: 60 });
    const { token } = await connected();
    // The sweep at the start must not come in between: it stops once more what has ended since it listed what runs.
    await expect.poll(() => sweeping.mock.results).toHaveLength(1);
    await sweeping.mock.results[0]!.value;
    sweeping.mockRestore();
    await miner.query(`update warm_executor set requested_at = now() - interval '61 s'`);
    await miner.part(WarmExecutors).keep();
    expect(await miner.manager.warmToken(1)).not.toBe(token);
    await expect.poll(() => miner.manager.stopped).toEqual([token]);
  });

  it('that comes back after its connection was cut waits on, and the newest of its connections counts', async () => {
    await start({ warmExecutors: '1' });
    const { executor, token } = await connected();
    const second = await DurableExecutor.connect(miner.url, token);
    await executor.connection.closed;
    const { job_uuid } = await submit(await miner.validator());
    expect(await second.next('V0InitialJobRequest')).toMatchObject({
      job_uuid,
    });
    expect(executor.frames).toEqual([]);
  });

  it('whose token nobody has given out is refused', async () => {
    await start({ warmExecutors: '0' });
    const executor = await DurableExecutor.connect(miner.url, `warm-${crypto.randomUUID()}`);
    expect((await executor.connection.closed).code).toBe(1008);
  });
});

describe('the miner is restarted', () => {
  it('takes its warm executors back, and gives them jobs', async () => {
    await start({ warmExecutors: '2' });
    const [first, second] = [await connected(0), await connected(1)];
    await miner.stop();
    await Promise.all([first.executor.connection.closed, second.executor.connection.closed]);
    miner.manager.exit(first.token, 1);
    await miner.boot();
    const back = await DurableExecutor.connect(miner.url, second.token);
    const { job_uuid } = await submit(await miner.validator());
    expect(await back.next('V0InitialJobRequest')).toMatchObject({ job_uuid });
    expect((await warmRows()).map(({ token }) => token)).not.toContain(first.token);
  });

  it('with fewer wanted stops the surplus', async () => {
    await start({ warmExecutors: '2' });
    await connected(0);
    await connected(1);
    await miner.stop();
    Object.assign(miner['settings'], { warmExecutors: 'always_on.test=1' });
    await miner.boot();
    await expect.poll(() => miner.manager.stopped).toHaveLength(1);
    await expect.poll(warmRows).toHaveLength(1);
  });
});

describe('a warm executor that is not needed any more', () => {
  it('is stopped by the next miner when this one was killed before it did so', async () => {
    await start({ warmExecutors: '1' });
    const { token } = await connected();
    await miner.stop();
    await miner.query('update warm_executor set retiring = true');
    await miner.boot();
    await expect.poll(() => miner.manager.stopped).toEqual([token]);
    await expect.poll(warmRows).not.toContainEqual(expect.objectContaining({ token }));
  });

  it('is stopped although its manager could not do so at first', async () => {
    await start({ warmExecutors: '1' });
    const { token } = await connected();
    const { stop } = miner.manager;
    miner.manager.stop = async () => {
      miner.manager.stop = stop;
      throw new Error('The engine says no.');
    };
    await miner.query(`update warm_executor set requested_at = now() - interval '1 day'`);
    await expect.poll(() => miner.manager.stopped).toEqual([token]);
    await expect.poll(warmRows).not.toContainEqual(expect.objectContaining({ token }));
  });
});
