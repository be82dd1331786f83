import { afterAll, beforeAll, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager());
});
afterAll(() => miner.close());

it('a connection without a good authentication is closed after ten seconds, a refused one no sooner', async () => {
  const begin = performance.now();
  const silent = await miner.stranger().connect();
  const refused = await miner.stranger().connect();
  await refused.send(miner.stranger().auth());
  const validator = await miner.validator();
  const loud = await validator.connect();
  void loud.send(validator.initial({ docker_image: 'x'.repeat(1_000_000) }));
  void loud.send(validator.auth());
  const codes = await Promise.all(
    [silent, refused, loud].map(async ({ connection }) => (await connection.closed).code),
  );
  expect(codes).toEqual([1000, 1000, 1000]);
  expect(performance.now() - begin).toBeGreaterThan(9_500);
  const complaint = { details: 'There was no authentication within 10 s.' };
  expect(silent.frames).toMatchObject([complaint]);
  // It has sent more than is read of one that nobody knows: its authentication was never seen.
  expect(loud.frames).toMatchObject([complaint]);
});
