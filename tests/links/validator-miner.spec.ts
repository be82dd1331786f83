import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { openFaultProxy, type FaultProxy } from '@horde/testing/fault-proxy';
import { MinerUnderTest } from '../../apps/miner/src/testing/miner.ts';
import { Scene } from '../../apps/validator/src/testing/scene.ts';
import { playExecutor } from '../recorded/recorded-executor.ts';

const scene = new Scene();
const executorClass = 'always_on.llm.a6000';
/** Its executors have to be ready within seconds. */
const quickClass = 'always_on.test';
let miner: MinerUnderTest;
let proxy: FaultProxy;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ [executorClass]: 10, [quickClass]: 1 }));
  await miner.query(
    'insert into validator (hotkey, active, debug) values ($1, true, true)',
    scene.place.keypair.address,
  );
});
afterEach(() => proxy?.close());
afterAll(() => miner?.close());

/** A validator of ours whose way to the miner is through the proxy. */
const validator = (more: Record<string, string> = {}) =>
  scene.start({
    DEBUG_MINER_KEY: miner.hotkey,
    DEBUG_MINER_ADDRESS: '127.0.0.1',
    DEBUG_MINER_PORT: String(proxy.port),
    ...more,
  });
const minerPort = () => Number(new URL(miner.url).port);

/** Plays the executor of a job, once it is started. */
const executor = async (job: string, before?: (type: string) => Promise<void>) => {
  const token = await miner.manager.token(job);
  await playExecutor('hello', { url: miner.url, token, job }, before);
  miner.manager.exit(token, 0);
};

const expectNothingLeft = async (job: string) => {
  await expect.poll(() => scene.waiting(job)).toBe(0);
  await expect
    .poll(() => miner.query('select settled_at is not null as settled from job where uuid = $1', job))
    .toEqual([{ settled: true }]);
  await expect.poll(() => miner.query('select type from outbox where subject = $1', job)).toEqual([]);
};

const everyStatus = [
  'received',
  'accepted',
  'executor_ready',
  'volumes_ready',
  'execution_done',
  'completed',
];

describe('a validator and a miner of ours', () => {
  it.each([1, 2, 3])(
    'bring a job to its end although their connection is cut again and again, at any byte (%i)',
    async (seed) => {
      let state = seed;
      const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
      // More each time: below two kilobytes not even the greeting and a request get through.
      let least = 500;
      proxy = await openFaultProxy(minerPort(), () => (least += 250) + random() * 3_000);
      await validator({ DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT: '30' });
      const job = await scene.send({ executor_class: executorClass, execution_time_limit: 60 });
      await Promise.all([executor(job), scene.facilitator.update(job, 'completed', 60_000)]);
      expect(scene.facilitator.statuses(job)).toEqual(everyStatus);
      await expectNothingLeft(job);
      expect(proxy.opened).toBeGreaterThan(1);
    },
    90_000,
  );

  it('reject no job of a user who sends the next one the moment the last has completed, with one executor', async () => {
    proxy = await openFaultProxy(minerPort());
    await validator({ JOB_WAIT_LIMIT: '30' });
    for (let jobs = 0; jobs < 20; jobs++) {
      const job = await scene.send({ executor_class: quickClass, execution_time_limit: 60 });
      const played = executor(job);
      const { status } = await scene.facilitator.updates.first(
        (update) => update.uuid === job && ['completed', 'rejected', 'failed'].includes(update.status),
        0,
        30_000,
      );
      expect(status).toBe('completed');
      await played;
    }
  }, 180_000);

  it('stop a job that the validator gives up', async () => {
    proxy = await openFaultProxy(minerPort());
    await validator({ DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '0' });
    const job = await scene.send({ executor_class: quickClass });
    const token = await miner.manager.token(job);
    await scene.facilitator.update(job, 'failed', 20_000);
    await expect.poll(() => miner.manager.stopped).toContain(token);
    const [row] = await miner.query<{ cancelled_by: string; ended: boolean }>(
      'select cancelled_by, ended_at is not null as ended from job where uuid = $1',
      job,
    );
    expect(row).toEqual({ cancelled_by: 'the validator', ended: true });
  }, 60_000);
});
