import { afterEach, expect, it, vi } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;
afterEach(async () => {
  vi.useRealTimers();
  await miner.close();
});

it('an authentication counts once, also where the clock of the database is ahead of the miner’s', async () => {
  miner = await MinerUnderTest.start(new RecordingManager());
  const validator = await miner.validator();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 60_000 });
  const auth = validator.auth();
  const owner = await validator.connect();
  await owner.send(auth);
  await owner.next('V0ExecutorManifestRequest');
  for (let i = 0; i < 2; i++) {
    const eavesdropper = await validator.connect();
    await eavesdropper.send(auth);
    expect(await eavesdropper.next('GenericError', 'V0ExecutorManifestRequest')).toMatchObject({
      details: 'This authentication has been used before.',
    });
  }
});
