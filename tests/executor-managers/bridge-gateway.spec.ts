import { bridgeGateway } from '@horde/executor-manager';
import Docker from 'dockerode';
import { expect, it, onTestFinished } from 'vitest';
import { ensureNodeImage } from '@horde/testing/node-image';

const docker = new Docker();

it('the address of an engine’s bridge is the one that its containers have as their gateway', async () => {
  const container = await docker.createContainer({
    Image: await ensureNodeImage(docker),
    Cmd: ['sleep', '60'],
  });
  onTestFinished(() => container.remove({ force: true }));
  await container.start();
  const { NetworkSettings } = await container.inspect();
  expect(await bridgeGateway(docker)).toBe(NetworkSettings.Networks['bridge']!.Gateway);
});
