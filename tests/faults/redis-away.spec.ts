import { ExecutorReady, JobFinished, make } from '@horde/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MinerUnderTest } from '../../apps/miner/src/testing/miner.ts';
import { RecordingManager } from '../../apps/miner/src/testing/recording-manager.ts';
import { redisProgram, startRedis, type TestRedis } from '../../libs/queue/src/testing/redis.ts';
import { openDoor, type Door } from '../support/door.ts';

let redis: TestRedis;
let door: Door;
let miner: MinerUnderTest;

beforeEach(async () => {
  if (!redisProgram) return;
  redis = await startRedis();
  door = await openDoor(redis.url);
});
afterEach(async () => {
  if (!redisProgram) return;
  await miner.close();
  door.close();
  await redis.stop();
});

const redisUrl = () => `redis://127.0.0.1:${door.port}`;
const away = () => {
  door.shut = true;
  door.cut();
};

describe.skipIf(!redisProgram)('Redis is away', () => {
  it.each([
    ['and comes back', async () => redis],
    ['and comes back without what it held', () => redis.replace()],
  ])('%s: jobs go on meanwhile, and schedules run again afterwards', async (_how, meanwhile) => {
    const manager = new RecordingManager({ 'always_on.test': 3 }).listing();
    miner = await MinerUnderTest.start(manager, { redisUrl: redisUrl(), warmExecutors: '1' });
    const warm = await manager.warmToken(0);
    const validator = await miner.validator();
    const late = await validator.accepted();
    away();

    const { connection, job_uuid } = await validator.accepted();
    const executor = await miner.executor(await manager.token(job_uuid));
    await executor.send(make(ExecutorReady, { job_uuid }));
    await connection.next('V0ExecutorReadyRequest');
    await connection.send(validator.signed(validator.payload(job_uuid)));
    await executor.next('V0JobRequest');
    await executor.send(
      make(JobFinished, { job_uuid, docker_process_stdout: 'done', docker_process_stderr: '' }),
    );
    await connection.next('V0JobFinishedRequest');
    await connection.send(validator.finished(job_uuid));
    await connection.settled();
    const settled = 'select status from job where uuid = $1 and settled_at is not null';
    expect(await miner.query(settled, job_uuid)).toEqual([{ status: 'completed' }]);
    await miner.query(`update job set connect_by = now() - interval '1 s' where uuid = $1`, late.job_uuid);
    await miner.query(`update warm_executor set requested_at = now() - interval '1 day'`);

    redis = await meanwhile();
    door.shut = false;
    expect(await late.connection.next('V0HordeFailedRequest')).toMatchObject({ job_uuid: late.job_uuid });
    await expect.poll(() => manager.stopped, { timeout: 20_000 }).toContain(warm);
    expect(await manager.warmToken(1)).not.toBe(warm);
  }, 60_000);
});
