import { bridgeGateway } from '@horde/executor-manager';
import Docker from 'dockerode';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { ensureNodeImage } from '@horde/testing/node-image';
import { createJobNetwork, removeJobNetwork } from './network.ts';

const docker = new Docker();

/** What a program of Node.js prints in a container in a network. */
async function printedIn(network: string, program: string, input: unknown): Promise<unknown> {
  const container = await docker.createContainer({
    Image: await ensureNodeImage(docker),
    Cmd: ['node', '-e', program, JSON.stringify(input)],
    Env: ['RES_OPTIONS=timeout:1 attempts:1'],
    HostConfig: { NetworkMode: network, CapDrop: ['NET_RAW'] },
  });
  onTestFinished(() => container.remove({ force: true }));
  const attached = await container.attach({ stream: true, stdout: true, stderr: true });
  const output = new PassThrough();
  docker.modem.demuxStream(attached, output, output);
  attached.once('end', () => output.end());
  const printed = text(output);
  await container.start();
  return JSON.parse(await printed);
}

const reach = `
const [addresses, port] = JSON.parse(process.argv[1]);
const net = require('node:net');
const tries = addresses.map((host) => new Promise((resolve) => {
  const socket = net.connect({ host, port, timeout: 4000 });
  socket.on('connect', () => resolve(host)).on('timeout', () => resolve()).on('error', () => resolve());
}));
Promise.all(tries).then((reached) => {
  process.stdout.write(JSON.stringify(reached.filter(Boolean)));
  process.exit();
});`;

async function jobNetwork() {
  const network = await createJobNetwork(docker, {
    name: `ch-test-${randomBytes(6).toString('hex')}`,
    labels: {},
  });
  onTestFinished(() => removeJobNetwork(docker, network));
  return network;
}

async function gatewayOf(network: string): Promise<string> {
  const { IPAM } = (await docker.getNetwork(network).inspect()) as Docker.NetworkInspectInfo;
  return IPAM!.Config![0]!.Gateway!;
}

it('keeps a job from its gateway and from every address of this machine, whatever listens there', async () => {
  const network = await jobNetwork();
  const other = await docker.createNetwork({ Name: `horde-test-${randomBytes(6).toString('hex')}` });
  onTestFinished(() => other.remove());
  const server = net.createServer((socket) => void socket.on('error', () => {}).end()).listen(0);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const docker0 = await bridgeGateway(docker);
  const gateways = [...(await Promise.all([network, other.id].map(gatewayOf))), docker0];
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses!);
  const outward = own
    .filter(({ internal }) => !internal)
    .map(({ address, scopeid }) => (scopeid ? `${address}%eth0` : address));
  const targets = [...new Set([...outward, ...gateways])];
  // On an ordinary network the same listener is reached on docker0 and others: it listens, and the program finds it.
  expect(await printedIn('bridge', reach, [targets, port])).toContain(docker0);
  expect(await printedIn(network, reach, [targets, port])).toEqual([]);
});

it('knows the name of no host, and gives a job no IPv6 address', async () => {
  const network = await jobNetwork();
  const program = `
const { lookup } = require('node:dns').promises;
const addresses = Object.values(require('node:os').networkInterfaces()).flat().filter((a) => !a.internal);
lookup('localhost.localdomain.example').then(() => 'known', (error) => error.code).then((name) => {
  process.stdout.write(JSON.stringify({ name, families: addresses.map((a) => a.family) }));
});`;
  const seen = await printedIn(network, program, null);
  expect(seen).toEqual({ name: expect.stringMatching(/^(EAI_AGAIN|ENOTFOUND)$/), families: ['IPv4'] });
});
