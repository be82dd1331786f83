import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Peer } from '@horde/testing/peer';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { RunningMiner } from './running-miner.ts';

/** A minute of two processors more, with `./horde test --all`. */
const whole = process.env['WHOLE_KILLS'] !== undefined;

let miner: RunningMiner;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'horde-sigkill-'));
});
afterEach(async () => {
  await miner.close();
  rmSync(folder, { recursive: true, force: true });
});

const file = (name: string) => path.join(folder, name);
/** A job that says that it has begun, waits for its file, and prints its name. */
const script = (name: string) =>
  `touch ${file(name)}.begun; while [ ! -e ${file(name)} ]; do sleep 0.05; done; echo ${name}`;
const letEnd = (name: string) => writeFileSync(file(name), '');

interface Submitted {
  name: string;
  validator: ScriptedValidator;
  connection: Peer;
  job_uuid: string;
}

const submit = async (name: string): Promise<Submitted> => {
  const validator = await miner.validator();
  const connection = await validator.login();
  const request = validator.signed(validator.initial());
  await connection.send(request);
  await connection.next('V0AcceptJobRequest');
  return { name, validator, connection, job_uuid: request.job_uuid };
};
const ready = async (name: string) => {
  const job = await submit(name);
  await job.connection.next('V0ExecutorReadyRequest');
  return job;
};
const sendPayload = ({ validator, connection, job_uuid, name }: Submitted) =>
  connection.send(
    validator.signed(validator.payload(job_uuid, { docker_run_cmd: ['sh', '-c', script(name)] })),
  );
const running = async (name: string) => {
  const job = await ready(name);
  await sendPayload(job);
  await expect.poll(() => existsSync(`${file(name)}.begun`)).toBe(true);
  return job;
};
/** The validator comes back, and names its job by sending again what it may have sent already. */
const comeBack = async (job: Submitted): Promise<Submitted> => {
  const connection = await job.validator.login();
  return { ...job, connection };
};
const tokenOf = async ({ job_uuid }: Submitted) =>
  (
    await miner.query<{ executor_token: string }>('select executor_token from job where uuid = $1', job_uuid)
  )[0]!.executor_token;
const pidOf = (token: string) => miner.executors().find((found) => found.token === token)?.pid;

describe('the miner is killed with SIGKILL with jobs in every stage', () => {
  it('and its next process takes their executors back and delivers every result', async () => {
    miner = await RunningMiner.start();
    const waiting = await ready('waiting');
    const atWork = await running('at-work');
    const endsMeanwhile = await running('ends-meanwhile');
    const ended = await running('ended');
    letEnd('ended');
    await ended.connection.next('V0JobFinishedRequest');
    const started = await submit('started');
    const jobs = [waiting, atWork, endsMeanwhile, started];
    const tokens = await Promise.all(jobs.map(tokenOf));
    await expect.poll(() => tokens.map(pidOf).every((pid) => pid !== undefined)).toBe(true);
    const before = tokens.map(pidOf);

    await miner.kill();
    letEnd('ends-meanwhile');
    expect(tokens.map(pidOf)).toEqual(before);
    await miner.boot();

    // What was delivered is delivered again: the validator has not said that it has it.
    const again = await comeBack(ended);
    expect((await again.connection.next('V0JobFinishedRequest'))['docker_process_stdout']).toBe('ended\n');
    letEnd('at-work');
    letEnd('waiting');
    letEnd('started');
    for (const job of jobs) {
      const { connection } = await comeBack(job);
      if (job === started || job === waiting) await connection.next('V0ExecutorReadyRequest');
      if (job === started || job === waiting) await sendPayload({ ...job, connection });
      const result = await connection.next(
        'V0JobFinishedRequest',
        'V0HordeFailedRequest',
        'V0JobFailedRequest',
      );
      expect(result).toMatchObject({
        message_type: 'V0JobFinishedRequest',
        job_uuid: job.job_uuid,
        docker_process_stdout: `${job.name}\n`,
      });
    }
    // The same executors as before: none was started a second time.
    expect(await Promise.all(jobs.map(tokenOf))).toEqual(tokens);
    await expect
      .poll(() => miner.query('select 1 from job where slot_held'), { timeout: 20_000 })
      .toEqual([]);
    await expect.poll(() => miner.executors()).toEqual([]);
  }, 120_000);

  it.runIf(whole)(
    'at any moment from a job’s acceptance to its executor’s start, and the job is done all the same',
    async () => {
      miner = await RunningMiner.start();
      for (let round = 0; round < 6; round++) {
        const job = await submit(`round-${round}`);
        letEnd(job.name);
        const moment = performance.now() + round * 15;
        while (performance.now() < moment) await new Promise((resolve) => setImmediate(resolve));
        await miner.kill();
        await miner.boot();
        const back = await comeBack(job);
        await back.connection.next('V0ExecutorReadyRequest');
        await sendPayload(back);
        const result = await back.connection.next('V0JobFinishedRequest', 'V0HordeFailedRequest');
        expect(result).toMatchObject({ docker_process_stdout: `${job.name}\n` });
        await back.connection.close();
      }
      await expect
        .poll(() => miner.query('select 1 from job where slot_held'), { timeout: 20_000 })
        .toEqual([]);
      await expect.poll(() => miner.executors()).toEqual([]);
    },
    180_000,
  );

  it.runIf(whole)(
    'with warm executors: they wait on, and the next job takes one',
    async () => {
      miner = await RunningMiner.start({ WARM_EXECUTORS: '1', PROCESS_EXECUTORS: '1' });
      const warm = () =>
        miner.query<{ token: string }>('select token from warm_executor where connected_at is not null');
      await expect.poll(warm, { timeout: 30_000 }).toHaveLength(1);
      const [{ token }] = (await warm()) as [{ token: string }];
      const pid = pidOf(token);
      await miner.kill();
      await miner.boot();
      const job = await ready('warm');
      expect(await tokenOf(job)).toBe(token);
      expect(pidOf(token)).toBe(pid);
      await sendPayload(job);
      letEnd('warm');
      expect((await job.connection.next('V0JobFinishedRequest'))['docker_process_stdout']).toBe('warm\n');
    },
    120_000,
  );
});

describe('a second process of the miner is started beside the first', () => {
  it('waits, and takes over its executors when that is killed', async () => {
    miner = await RunningMiner.start();
    const job = await running('beside');
    const takeOver = await miner.standBy();
    await miner.kill();
    await takeOver();
    const { connection } = await comeBack(job);
    letEnd('beside');
    expect(await connection.next('V0JobFinishedRequest')).toMatchObject({
      docker_process_stdout: 'beside\n',
    });
  }, 60_000);
});
