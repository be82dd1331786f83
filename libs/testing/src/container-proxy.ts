import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { bridgeGateway } from '@horde/executor-manager';
import Docker from 'dockerode';
import { onTestFinished } from 'vitest';

const docker = new Docker();

/**
 * A miner's address for containers, on the engine's bridge, until the test is over: the miner itself listens on the
 * loopback interface only.
 */
export async function proxyForContainers(minerAddress: string): Promise<string> {
  const gateway = await bridgeGateway(docker);
  const { hostname, port } = new URL(minerAddress);
  const proxy = net.createServer((inside) => {
    const outside = net.connect(Number(port), hostname);
    inside.pipe(outside).pipe(inside);
    inside.on('error', () => outside.destroy());
    outside.on('error', () => inside.destroy());
  });
  proxy.listen(0, gateway);
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  return `ws://${gateway}:${(proxy.address() as AddressInfo).port}`;
}
