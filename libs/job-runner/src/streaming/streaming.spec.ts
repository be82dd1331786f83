import Docker from 'dockerode';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { JobFailure } from '../failures.ts';
import type { StreamingDoor, StreamingRequest } from '../runner.ts';
import { startJob, webJob } from '../testing/streaming-job.ts';
import {
  buildExecutor,
  type ExecutorBuild,
  ownPort,
  type Place,
  places,
  startExecutor,
} from '../testing/streaming-places.ts';
import type { Certificate } from '@horde/network';
import { makeIdentity } from './certificate.ts';
import { removeJobNetwork, type StreamingJob } from './network.ts';
import { openStreaming, type Streaming } from './streaming.ts';

const docker = new Docker();
let user: Certificate;
let stranger: Certificate;
let build: ExecutorBuild;
beforeAll(async () => {
  [user, stranger, build] = await Promise.all([
    makeIdentity(null),
    makeIdentity(null),
    buildExecutor(docker),
  ]);
});
afterAll(() => build.remove());

function newJob(): StreamingJob {
  const id = randomBytes(6).toString('hex');
  return { name: `ch-test-${id}`, labels: { 'horde.test': id } };
}

async function left({ labels }: StreamingJob): Promise<string[]> {
  const filters = { label: Object.entries(labels).map((label) => label.join('=')) };
  const containers = await docker.listContainers({ all: true, filters });
  const networks = await docker.listNetworks({ filters });
  return [...containers.flatMap(({ Names }) => Names), ...networks.map(({ Name }) => Name)];
}

/** Removes what an executor that was killed has left. */
async function sweep({ labels }: StreamingJob): Promise<void> {
  const filters = { label: Object.entries(labels).map((label) => label.join('=')) };
  for (const { Id } of await docker.listContainers({ all: true, filters }))
    await docker.getContainer(Id).remove({ force: true });
  for (const { Id } of await docker.listNetworks({ filters })) await removeJobNetwork(docker, Id);
}

const request = (changes: Partial<StreamingRequest> = {}) => ({
  clientCertificate: user.certificate,
  address: '127.0.0.1',
  port: 0,
  readyDeadline: Date.now() + 55_000,
  ...changes,
});

/** Streaming in this process. */
async function open(changes: Partial<StreamingRequest> = {}) {
  const job = newJob();
  const doors: StreamingDoor[] = [];
  const onReady = (door: StreamingDoor) => void doors.push(door);
  const streaming = await openStreaming(docker, job, { ...request(changes), onReady });
  onTestFinished(() => streaming.close());
  return { job, streaming, doors };
}

const never = () => new AbortController().signal;

const as = (door: StreamingDoor, identity: Certificate | null) => ({
  host: '127.0.0.1',
  port: door.port,
  ca: door.certificate,
  ...(identity && { cert: identity.certificate, key: identity.key }),
});

async function send(
  door: StreamingDoor,
  identity: Certificate | null,
  options: https.RequestOptions,
  body = '',
) {
  const sent = https.request({ agent: false, ...as(door, identity), ...options });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
  return response;
}

describe.each(places)('a streaming job of an executor %s', (place: Place) => {
  async function start() {
    const executor = await startExecutor(docker, build, place);
    const port = place === 'in a container that has the port' ? ownPort : 0;
    const job = newJob();
    onTestFinished(() => sweep(job));
    const { network } = await executor.tell<{ network: string }>({
      open: { job, request: request({ port }) },
    });
    onTestFinished(() =>
      executor.tell({ close: true }).then(
        () => {},
        () => {},
      ),
    );
    const container = await startJob(docker, network, webJob);
    const { door } = await executor.tell<{ door: StreamingDoor }>({ ready: container.id });
    return { executor, job, container, door };
  }

  it('serves its user and nobody else, and leaves nothing', async () => {
    const { executor, job, container, door } = await start();
    expect(await text(await send(door, user, { path: '/' }))).toBe('hello');
    for (const other of [null, stranger]) {
      const refused = await send(door, other, { path: '/' });
      expect([refused.statusCode, await text(refused)]).toEqual([
        403,
        expect.stringContaining('certificate'),
      ]);
    }

    const large = 'large '.repeat(1_000_000);
    expect((await text(await send(door, user, { path: '/echo', method: 'POST' }, large))) === large).toBe(
      true,
    );

    const events = await send(door, user, { path: '/events' });
    const chunks = events[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    expect(String((await chunks.next()).value)).toBe('data: one\n\n');
    await container.kill({ signal: 'SIGUSR2' });
    expect(String((await chunks.next()).value)).toBe('data: two\n\n');

    const socket = new WebSocket(`wss://127.0.0.1:${door.port}/`, as(door, user));
    await once(socket, 'open');
    socket.send('one');
    expect(String((await once(socket, 'message'))[0])).toBe('echo one');

    const answers = Array.from({ length: 50 }, async () => text(await send(door, user, { path: '/' })));
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['hello']));

    const closed = once(socket, 'close');
    expect(await text(await send(door, user, { path: '/end' }))).toBe('bye');
    await Promise.all([closed, container.wait()]);
    await executor.tell({ close: true });
    await expect(send(door, user, { path: '/' })).rejects.toThrow(/ECONNREFUSED|socket|ECONNRESET/);
    expect(await left(job)).toEqual([]);
  });

  it.skipIf(place === 'in a container that has the port')(
    'ends its proxy with a killed executor',
    async () => {
      const { executor, job } = await start();
      const filters = { label: Object.entries(job.labels).map((label) => label.join('=')) };
      const [proxy] = await docker.listContainers({ filters });
      const gone = docker.getContainer(proxy!.Id).wait({ condition: 'removed' });
      await executor.kill();
      await gone;
    },
  );
});

describe('a streaming job that is not healthy', () => {
  const answering = (answer: string) => `require('node:http').createServer(${answer}).listen(8000)`;
  it('fails with the reason', async () => {
    const { streaming, doors, job } = await open({ readyDeadline: Date.now() + 20_000 });
    const container = await startJob(docker, streaming.network, 'setInterval(() => {}, 1000)');
    const failure = await streaming.ready(container.id, never()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(JobFailure);
    expect(failure).toMatchObject({ reason: 'timeout', stage: 'streaming_startup' });
    expect(String(failure)).toContain('the connection was refused');
    expect(doors).toEqual([]);
    await streaming.close();
    expect(await left(job)).toEqual([]);
  });

  it('is waited for', async () => {
    const { streaming, doors } = await open();
    const program = `let asked = 0; ${answering('(_, r) => r.writeHead(++asked < 3 ? 503 : 200).end()')}`;
    const container = await startJob(docker, streaming.network, program);
    await streaming.ready(container.id, never());
    expect((await send(doors[0]!, user, { path: '/' })).statusCode).toBe(200);
  });

  it('is not waited for when the wait is aborted', async () => {
    const { streaming, job } = await open();
    const container = await startJob(docker, streaming.network, 'setInterval(() => {}, 1000)');
    const stop = new AbortController();
    const ready = streaming.ready(container.id, stop.signal);
    const reason = new Error('cancelled');
    stop.abort(reason);
    await expect(ready).rejects.toBe(reason);
    await streaming.close();
    expect(await left(job)).toEqual([]);
  });
});

describe('a machine that cannot stream', () => {
  it('says that the port is taken', async () => {
    const server = net.createServer().listen(0);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const { streaming, job } = await open({ port });
    const container = await startJob(docker, streaming.network, webJob);
    const ready = streaming.ready(container.id, never());
    await expect(ready).rejects.toMatchObject({ wire: { reason: 'streaming_failed' } });
    await expect(ready).rejects.toThrow(`port ${port} of this machine: something else uses it`);
    await streaming.close();
    expect(await left(job)).toEqual([]);
  });

  it('makes nothing when the client certificate is none', async () => {
    const job = newJob();
    const opening = openStreaming(docker, job, {
      ...request({ clientCertificate: 'mine' }),
      onReady: () => {},
    });
    await expect(opening).rejects.toThrow('not a certificate in PEM');
    expect(await left(job)).toEqual([]);
  });

  it('makes no second network of the same name', async () => {
    const { job } = await open();
    const opening = openStreaming(docker, job, { ...request(), onReady: () => {} });
    await expect(opening).rejects.toThrow(/network with name .* already exists/);
  });

  it('leaves nothing when it is closed at once, or twice, or with the job still there', async () => {
    const [early, twice, busy] = await Promise.all([open(), open(), open()]);
    const closing: Streaming[] = [early.streaming, twice.streaming, twice.streaming, busy.streaming];
    await startJob(docker, busy.streaming.network, 'setInterval(() => {}, 1000)');
    await Promise.all(closing.map((streaming) => streaming.close()));
    for (const { job } of [early, twice, busy]) expect(await left(job)).toEqual([]);
  });
});
