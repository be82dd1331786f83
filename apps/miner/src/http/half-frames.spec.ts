import { executorPath, validatorPath } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { growthByHalfFrames, halfFrames } from '@horde/testing/half-frames';
import { RecordingManager } from '@horde/testing/recording-manager';
import { Jobs } from '../jobs/jobs.ts';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager());
});
afterAll(() => miner.close());

const { count, size, mayGrowBy } = halfFrames;
const uuid = crypto.randomUUID();

describe('connections of nobody that send half frames', () => {
  it('fill no memory where validators connect', async () => {
    expect(await growthByHalfFrames(miner.url + validatorPath('5Nobody'), count, size)).toBeLessThan(
      mayGrowBy,
    );
  });

  it.each(['x', `${uuid}-${uuid}`, `warm-${uuid}`])(
    'fill none where executors do, with the token %s',
    async (token) => {
      expect(await growthByHalfFrames(miner.url + executorPath(token), count, size)).toBeLessThan(mayGrowBy);
    },
  );

  it('fill none while their tokens cannot be looked up', async () => {
    const jobs = miner.part(Jobs);
    const attach = jobs.attach.bind(jobs);
    const away = Promise.withResolvers<void>();
    vi.spyOn(jobs, 'attach').mockImplementation(async (...token) => {
      await away.promise;
      return attach(...token);
    });
    setTimeout(away.resolve, 1_000);
    const growth = await growthByHalfFrames(miner.url + executorPath(`${uuid}-${uuid}`), count, size);
    vi.restoreAllMocks();
    expect(growth).toBeLessThan(mayGrowBy);
  });
});

it('a made-up token of another form than the miner’s own is not looked up', async () => {
  const attach = vi.spyOn(miner.part(Jobs), 'attach');
  const executor = await miner.knock(`${uuid}-x`);
  expect((await executor.connection.closed).code).toBe(1008);
  expect(attach).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});
