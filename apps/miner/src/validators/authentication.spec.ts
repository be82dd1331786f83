import { peerClocks } from '@horde/network';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { scrape } from '@horde/testing/metrics';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;
// Other specs of this process have validators with clocks of their own.
beforeEach(() => peerClocks.forgetAll());
afterEach(async () => {
  vi.useRealTimers();
  peerClocks.forgetAll();
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

it('validators that agree that the miner’s clock is wrong are named, one alone is not, nor strangers', async () => {
  miner = await MinerUnderTest.start(new RecordingManager());
  const known = [await miner.validator(), await miner.validator()];
  const clock = async () => {
    const { checks } = (await (await fetch(`${miner.httpUrl}/health/ready`)).json()) as {
      checks: Record<string, string>;
    };
    return checks['clock'];
  };
  const timestamp = Math.floor(Date.now() / 1_000) + 3_600;
  for (const validator of [miner.stranger(), miner.stranger(), ...known]) {
    expect(await clock()).toBe('ok');
    const connection = await validator.connect();
    await connection.send(validator.auth({ timestamp }));
    expect(await connection.next('GenericError', 'V0ExecutorManifestRequest')).toMatchObject({
      details: expect.stringMatching(/ s ahead of this miner's clock\.$/) as string,
    });
  }
  const names = known.map(({ hotkey }) => `validator ${hotkey}`).join(' and ');
  expect(await clock()).toMatch(new RegExp(`^This machine's clock is \\d+ s behind those of ${names}\\.$`));
  const seconds = new RegExp(
    `^horde_clock_ahead_of_peers_seconds{service="miner",peers="${names}"} -35\\d\\d`,
    'm',
  );
  expect(await (await scrape(miner.httpUrl)).text()).toMatch(seconds);
});
