import path from 'node:path';
import { ProcessExecutorManager } from '@horde/executor-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MinerUnderTest } from '../testing/miner.ts';

const command = [process.execPath, path.join(import.meta.dirname, '../testing/scripted-executor.mjs')];
let miner: MinerUnderTest<ProcessExecutorManager>;

beforeEach(async () => {
  const environment = { PATH: process.env['PATH'] };
  miner = await MinerUnderTest.start(
    new ProcessExecutorManager({ executors: { 'always_on.test': 1 }, command, environment }),
  );
});
afterEach(() => miner.close());

const slots = () => miner.query('select exit_code from job where slot_held');

describe('with executors as processes', () => {
  it('one job after another gets an executor of its own', async () => {
    const validator = await miner.validator();
    for (let i = 0; i < 2; i++) {
      const { connection, job_uuid } = await validator.accepted();
      await connection.next('V0ExecutorReadyRequest');
      await connection.send(validator.signed(validator.payload(job_uuid)));
      await connection.next('V0JobFinishedRequest');
      await connection.send(validator.finished(job_uuid));
      await expect.poll(slots).toEqual([]);
    }
    expect(await miner.query('select status, exit_code from job')).toEqual([
      { status: 'completed', exit_code: 0 },
      { status: 'completed', exit_code: 0 },
    ]);
    expect(await miner.query('select distinct stdout from job_result')).toHaveLength(2);
  });

  it('an executor that dies fails its job with its exit code, and the slot is free', async () => {
    const { connection } = await (await miner.validator()).accepted({ docker_image: 'dies' });
    expect((await connection.next('V0HordeFailedRequest'))['message']).toMatch(
      /closed with code 1006, exit code 9/,
    );
    await expect.poll(slots).toEqual([]);
  });

  it('a restart of the miner is survived by a running job', async () => {
    const validator = await miner.validator();
    const { connection, job_uuid } = await validator.accepted();
    await connection.next('V0ExecutorReadyRequest');
    await connection.send(validator.signed(validator.payload(job_uuid, { docker_image: 'waits' })));
    await connection.next('V0VolumesReadyRequest');
    const [row] = await miner.query<{ executor_handle: { pid: number } }>('select executor_handle from job');
    await miner.stop();
    await miner.boot();
    await expect
      .poll(() => miner.query('select 1 from job where connect_by is null'), { timeout: 10_000 })
      .toHaveLength(1);
    process.kill(row!.executor_handle.pid, 'SIGUSR2');
    const again = await validator.login();
    await again.send(validator.signed(validator.payload(job_uuid)));
    const result = await again.next('V0JobFinishedRequest');
    expect(result['docker_process_stdout']).toBe(`by ${row!.executor_handle.pid}`);
    await expect.poll(slots).toEqual([]);
  });

  it('a validator that gives the job up ends its executor', async () => {
    const validator = await miner.validator();
    const { connection, job_uuid } = await validator.accepted();
    await connection.next('V0ExecutorReadyRequest');
    await connection.send(validator.finished(job_uuid, { score_str: '0.000000' }));
    await expect.poll(slots).toEqual([]);
    expect(await miner.query('select status, exit_code from job')).toEqual([
      { status: 'horde_failed', exit_code: 0 },
    ]);
  });
});
