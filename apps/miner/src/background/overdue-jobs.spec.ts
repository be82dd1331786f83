import { Database } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { ExecutorSupervisor } from '../executors/executor-supervisor.ts';
import { MinerUnderTest } from '../testing/miner.ts';
import { OverdueJobs } from './overdue-jobs.ts';

let miner: MinerUnderTest;

beforeEach(async () => {
  miner = await MinerUnderTest.start(new RecordingManager());
});
afterEach(async () => {
  vi.useRealTimers();
  await miner.close();
});

it('a clock that is hours behind the database’s does not keep a job beyond its time', async () => {
  const { connection, job_uuid } = await (await miner.validator()).accepted();
  await miner.executor(await miner.manager.token(job_uuid));
  await miner.query(`update job set deadline = now() - interval '1 s'`);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 7_200_000 });
  await miner.part(OverdueJobs).sweep();
  expect(await connection.next('V0HordeFailedRequest')).toMatchObject({ reason: 'unhandled_timeout' });
});

describe('an ended job whose executor cannot be stopped, because its host is away', () => {
  it('is tried again after pauses that double, read without its requests, and logged once', async () => {
    const { job_uuid } = await (await miner.validator()).accepted();
    await miner.manager.token(job_uuid);
    // Before it is known where the executor is, its start would stop it, too.
    await expect
      .poll(() => miner.query('select 1 from job where executor_handle is not null'))
      .toHaveLength(1);
    const { promise: isFailing, resolve: failing } = Promise.withResolvers<void>();
    miner.manager.stop = async () => {
      failing();
      throw new Error('the host is away');
    };
    const [overdue, database] = [miner.part(OverdueJobs), miner.part(Database).manager];
    // Only the sweeps below count; one that is under way ends before the first of them.
    overdue.beforeApplicationShutdown();
    for (let pass = 0; pass < 3; pass++) await overdue.sweep();
    vi.useFakeTimers({ toFake: ['performance'], now: performance.now() });
    const stop = vi.spyOn(miner.part(ExecutorSupervisor), 'stop');
    const warn = vi.spyOn(miner.part<Logger>(LOGGER), 'warn');
    const query = vi.spyOn(database, 'query');
    await miner.query(
      `update job set status = 'failed', ended_at = now() - interval '2 minutes', connect_by = null`,
    );
    for (const [pause, attempts] of [0, 1_999, 1, 3_999, 1, 7_999, 1].map((pause, i) => [
      pause,
      1 + (i >> 1),
    ])) {
      vi.advanceTimersByTime(pause!);
      for (let pass = 0; pass < 3; pass++) await overdue.sweep();
      expect(stop).toHaveBeenCalledTimes(attempts!);
    }
    await isFailing;
    expect(warn.mock.calls.flat().filter((line) => /still runs/.test(String(line)))).toHaveLength(1);
    const read = (await Promise.all(query.mock.results.map(({ value }) => value as unknown))).flat();
    expect(read).toContainEqual(expect.objectContaining({ uuid: job_uuid }));
    expect(JSON.stringify(read)).not.toContain('initial_request');
  });
});
