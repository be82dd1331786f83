import { afterAll, beforeAll, expect, it } from 'vitest';
import { MinerUnderTest } from '../testing/miner.ts';
import { RecordingManager } from '../testing/recording-manager.ts';

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
  const codes = await Promise.all(
    [silent, refused].map(async ({ connection }) => (await connection.closed).code),
  );
  expect(codes).toEqual([1000, 1000]);
  expect(performance.now() - begin).toBeGreaterThan(9_500);
  expect(silent.frames).toMatchObject([{ details: 'There was no authentication within 10 s.' }]);
});
