import { validatorPath } from '@horde/protocol';
import { expect, it } from 'vitest';
import { Peer } from '@horde/testing/peer';
import { RecordingManager } from '@horde/testing/recording-manager';
import { LineRate } from './line-rate.ts';
import { MinerUnderTest } from '../testing/miner.ts';

it('a connection whose path names no hotkey is told so, and its frames are not looked at', async () => {
  const miner = await MinerUnderTest.start(new RecordingManager());
  const peer = await Peer.connect(miner.url + validatorPath('x'.repeat(8_000)));
  expect(await peer.next('GenericError')).toMatchObject({
    details: 'The path of the connection names no hotkey.',
  });
  await peer.send(miner.stranger().auth());
  await peer.connection.sendText('x');
  const validator = await miner.validator();
  await validator.login();
  expect(peer.frames).toHaveLength(1);
  await miner.close();
});

it('an authentication that names a long hotkey is refused with a short sentence', async () => {
  const miner = await MinerUnderTest.start(new RecordingManager());
  const peer = await miner.stranger().connect();
  await peer.send(miner.stranger().auth({ miner_hotkey: 'x'.repeat(15_000) }));
  expect(String((await peer.next('GenericError'))['details']).length).toBeLessThanOrEqual(300);
  await miner.close();
});

it('lines beyond the rate are left out and counted', () => {
  const rate = new LineRate(2);
  const written: number[] = [];
  for (let n = 0; n < 5; n++) rate.line((leftOut) => written.push(leftOut));
  expect(written).toEqual([0, 0]);
});
