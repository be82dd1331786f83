import { verify } from '@horde/identity';
import { startRemoteWriteReceiver } from '@horde/testing/remote-write-receiver';
import { expect, it, onTestFinished } from 'vitest';
import { Scene } from '../testing/scene.ts';
import { MetricsPush } from './metrics-push.ts';

const scene = new Scene();

it('metrics are pushed signed, with the labels that ComputeHorde’s receiver looks for', async () => {
  const receiver = await startRemoteWriteReceiver();
  onTestFinished(() => void receiver.close());
  const validator = await scene.start({ METRICS_REMOTE_WRITE_URL: receiver.url });
  await validator.get(MetricsPush).push(new URL(receiver.url));
  const { headers, body, series } = receiver.written[0]!;
  const { address } = scene.place.keypair;
  expect(headers).toMatchObject({ 'bittensor-hotkey': address, 'bittensor-netuid': '12' });
  expect(headers['bittensor-signature']).toMatch(/^[\da-f]{128}$/);
  expect(verify(body, Buffer.from(String(headers['bittensor-signature']), 'hex'), address)).toBe(true);
  const all = series.map(({ labels }) => Object.fromEntries(labels));
  expect(all).toContainEqual(
    expect.objectContaining({ __name__: 'validator_cycle_weights', state: 'confirmed' }),
  );
  expect(all.every((labels) => labels['hotkey'] === address && labels['bittensor_network'] === 'none')).toBe(
    true,
  );
});
