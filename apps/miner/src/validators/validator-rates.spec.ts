import { MainHotkey, make } from '@horde/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { MinerUnderTest } from '../testing/miner.ts';
import { RecordingManager } from '../testing/recording-manager.ts';
import { TokenBucket } from './token-bucket.ts';

let miner: MinerUnderTest | null = null;
afterEach(async () => {
  await miner?.close();
  miner = null;
});

it('a validator that sends frames too fast is read more slowly, on all its connections together, and none is closed', async () => {
  miner = await MinerUnderTest.start(new RecordingManager(), { framesPerSecond: 20 });
  const validator = await miner.validator();
  const [one, two] = [await validator.login(), await validator.login()];
  const other = await (await miner.validator()).login();
  const begin = performance.now();
  // 40 are allowed at once, and 20 more in each second.
  for (let i = 0; i < 35; i++) for (const peer of [one, two]) void peer.send(make(MainHotkey, {}));
  await other.send(make(MainHotkey, {}));
  await other.next('V0MainHotkeyMessage');
  expect(performance.now() - begin).toBeLessThan(1_000);
  for (let i = 0; i < 35; i++) for (const peer of [one, two]) await peer.next('V0MainHotkeyMessage');
  expect(performance.now() - begin).toBeGreaterThan(1_300);
  expect([one, two].every((peer) => peer.connection.isOpen)).toBe(true);
});

it('a validator that asks for too many jobs in a minute has the rest declined, with a sentence, and nothing is stored', async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }), { jobsPerMinute: 2 });
  const validator = await miner.validator();
  const connection = await validator.login();
  for (let i = 0; i < 2; i++) {
    await connection.send(validator.signed(validator.initial()));
    await connection.next('V0AcceptJobRequest');
  }
  const request = validator.signed(validator.initial());
  await connection.send(request);
  expect(await connection.next('V0DeclineJobRequest')).toMatchObject({
    job_uuid: request.job_uuid,
    reason: 'busy',
    message: 'This validator asks for more jobs in a minute than the miner looks at.',
  });
  expect(await miner.query('select 1 from job')).toHaveLength(2);
  const other = await miner.validator();
  await other.accepted();
});

describe('a bucket', () => {
  it('gives as many at once as it may hold, and says how long the next ones take', () => {
    const bucket = new TokenBucket(10, 2);
    expect([bucket.take(), bucket.take()]).toEqual([0, 0]);
    expect(bucket.take()).toBeCloseTo(100, -1);
    expect(bucket.take()).toBeCloseTo(200, -1);
  });

  it('that is empty has one again when its time has come, and not before', async () => {
    const bucket = new TokenBucket(50, 1);
    expect(bucket.tryTake()).toBe(true);
    expect(bucket.tryTake()).toBe(false);
    const since = performance.now();
    await expect.poll(() => bucket.tryTake(), { interval: 1 }).toBe(true);
    expect(performance.now() - since).toBeGreaterThan(15);
  });
});
