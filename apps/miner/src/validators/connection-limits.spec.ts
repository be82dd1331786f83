import { make, MainHotkey, validatorPath } from '@horde/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { Peer } from '@horde/testing/peer';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';
import type { MinerSettings } from '../settings.ts';

let miner: MinerUnderTest;
const start = async (settings: Partial<MinerSettings>) =>
  (miner = await MinerUnderTest.start(new RecordingManager(), settings));
afterEach(() => miner.close());

/** A connection as a proxy in front of the miner opens it for somebody at this address. */
const through = (address: string) =>
  Peer.connect(miner.url + validatorPath('5Nobody'), { 'X-Real-IP': address });

describe('an address with too many connections that have not authenticated', () => {
  it('gets no further one until one of them has gone, and others are let in', async () => {
    await start({ unauthenticatedPerAddress: 2 });
    const open = [await through('203.0.113.1'), await through('203.0.113.1')];
    await expect(through('203.0.113.1')).rejects.toThrow('429');
    const other = await through('203.0.113.2');
    await open[0]!.close();
    await expect.poll(() => through('203.0.113.1').then((peer) => peer.connection.isOpen)).toBe(true);
    await Promise.all([open[1]!, other].map((peer) => peer.close()));
  });

  it('does not keep out those who do authenticate', async () => {
    await start({ unauthenticatedPerAddress: 1 });
    const validator = await miner.validator();
    for (let i = 0; i < 3; i++) await validator.login();
  });
});

it('an address with too many connections in all gets no further one', async () => {
  await start({ connectionsPerAddress: 2 });
  const validator = await miner.validator();
  const first = await validator.login();
  await validator.login();
  await expect(validator.login()).rejects.toThrow('429');
  await first.close();
  await expect
    .poll(() =>
      validator.login().then(
        () => 'in',
        () => 'out',
      ),
    )
    .toBe('in');
});

describe('a validator with too many connections', () => {
  it('is told so, is not cut off at once, and may authenticate when another connection has gone', async () => {
    await start({ connectionsPerValidator: 1 });
    const validator = await miner.validator();
    const first = await validator.login();
    const second = await validator.connect();
    await second.send(validator.auth());
    expect((await second.next('GenericError')).details).toMatch(/too many connections/);
    expect(second.connection.isOpen).toBe(true);
    await first.send(make(MainHotkey, {}));
    await first.next('V0MainHotkeyMessage');
    await first.close();
    // A second authentication of the same second would be the first one again.
    await expect
      .poll(
        async () => {
          await second.send(validator.auth({ timestamp: Math.floor(Date.now() / 1000) + 2 }));
          await second.settled();
          return second.types().includes('V0ExecutorManifestRequest');
        },
        { interval: 1_000, timeout: 5_000 },
      )
      .toBe(true);
  });

  it('does not count for another', async () => {
    await start({ connectionsPerValidator: 1 });
    await (await miner.validator()).login();
    await (await miner.validator()).login();
  });
});
