import { ExecutorReady, JobFinished, make } from '@horde/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { because } from '@horde/testing/missing';
import { missingRedis, startRedis, type TestRedis } from '@horde/testing/redis';
import { openFaultProxy, type FaultProxy } from '@horde/testing/fault-proxy';
import { MinerUnderTest } from '../../apps/miner/src/testing/miner.ts';
import { RunningMiner } from './running-miner.ts';

let redis: TestRedis;
let proxy: FaultProxy;
let miner: { close(): Promise<void> } | null;

beforeEach(async () => {
  miner = null;
  redis = await startRedis();
  proxy = await openFaultProxy(redis.url);
});
afterEach(async () => {
  await miner?.close();
  proxy.close();
  await redis.stop();
});

const redisUrl = () => `redis://127.0.0.1:${proxy.port}`;
const away = () => {
  proxy.shut = true;
  proxy.cut();
};

describe.skipIf(missingRedis !== null)(`Redis is away${because(missingRedis)}`, () => {
  it.each([
    ['and comes back', async () => redis],
    ['and comes back without what it held', () => redis.replace()],
  ])(
    '%s: jobs go on meanwhile, and schedules run again afterwards',
    async (_how, meanwhile) => {
      const manager = new RecordingManager({ 'always_on.test': 3 }).listing();
      const settings = { redisUrlSetting: redisUrl(), warmExecutors: '1' };
      const running = (miner = await MinerUnderTest.start(manager, settings));
      const warm = await manager.warmToken(0);
      const validator = await running.validator();
      const late = await validator.accepted();
      away();

      const { connection, job_uuid } = await validator.accepted();
      const executor = await running.executor(await manager.token(job_uuid));
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
      expect(await running.query(settled, job_uuid)).toEqual([{ status: 'completed' }]);
      await running.query(
        `update job set connect_by = now() - interval '1 s' where uuid = $1`,
        late.job_uuid,
      );
      await running.query(`update warm_executor set requested_at = now() - interval '1 day'`);

      redis = await meanwhile();
      proxy.shut = false;
      expect(await late.connection.next('V0HordeFailedRequest')).toMatchObject({ job_uuid: late.job_uuid });
      await expect.poll(() => manager.stopped).toContain(warm);
      expect(await manager.warmToken(1)).not.toBe(warm);
    },
    60_000,
  );
});

describe.skipIf(missingRedis !== null)(
  `a miner is started while Redis is away${because(missingRedis)}`,
  () => {
    const start = () => RunningMiner.start({ REDIS_URL: redisUrl() });
    const logged = (text: string) =>
      text
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as { level: string; msg: string });

    it('and waits for it', async () => {
      away();
      const started = start();
      await expect.poll(() => proxy.refused).toBeGreaterThan(0);
      proxy.shut = false;
      const running = (miner = await started);
      expect(logged(running.log).length).toBeLessThanOrEqual(2);
      const late = await (await running.validator()).accepted();
      await running.query(`update job set deadline = now() - interval '1 s' where uuid = $1`, late.job_uuid);
      expect(await late.connection.next('V0HordeFailedRequest')).toMatchObject({ job_uuid: late.job_uuid });
    }, 60_000);

    it('for long: it ends with a sentence, and has told of it now and then only', async () => {
      away();
      const end = await start().then(String, (error: Error) => error.message);
      expect(end).toMatch(/^The miner ended with 1 before it listened:/);
      const lines = logged(end);
      expect(lines.at(-1)).toMatchObject({
        level: 'fatal',
        msg: `miner cannot start: The Redis of the queues (127.0.0.1:${proxy.port}) does not answer within 15 s.`,
      });
      expect(lines.length).toBeLessThanOrEqual(3);
    }, 60_000);
  },
);
