import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MinerUnderTest } from '../testing/miner.ts';
import { RecordingManager } from '../testing/recording-manager.ts';
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
