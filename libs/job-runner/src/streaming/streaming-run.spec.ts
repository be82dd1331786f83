import Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ensureNodeImage } from '@horde/testing/node-image';
import { DefaultJobRunner } from '../docker/default-job-runner.ts';
import { makeJobFolders } from '../folders.ts';
import type { JobSpec, StreamingDoor } from '../runner.ts';
import type { Certificate } from '@horde/network';
import { makeIdentity } from './certificate.ts';

const docker = new Docker();
let user: Certificate;
beforeAll(async () => {
  user = await makeIdentity(null);
});

/** Runs a program of Node.js as a streaming job, and looks that nothing is left of it. */
async function run(program: string, onReady: (door: StreamingDoor) => void = () => {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-test-streaming-run-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const jobUuid = randomUUID();
  const runner = new DefaultJobRunner({ docker });
  onTestFinished(() => runner.cleanUp(jobUuid));
  const spec: JobSpec = {
    jobUuid,
    image: await ensureNodeImage(docker),
    command: ['node', '-e', program],
    env: new Map(),
    artifactsDir: null,
    gpu: 'none',
    script: null,
  };
  const streaming = {
    clientCertificate: user.certificate,
    address: '127.0.0.1',
    port: 0,
    readyDeadline: Date.now() + 20_000,
    onReady,
  };
  const { signal } = new AbortController();
  const running = runner.run(spec, await makeJobFolders(folder, jobUuid), {
    signal,
    deadline: Date.now() + 25_000,
    streaming,
  });
  await running.catch(() => {}); // for who asked to look at
  const filters = { label: [`horde.job=${jobUuid}`] };
  expect(await docker.listContainers({ all: true, filters })).toEqual([]);
  expect(await docker.listNetworks({ filters })).toEqual([]);
  return running;
}

async function get(door: StreamingDoor, asked: string): Promise<http.IncomingMessage> {
  const { certificate: cert, key } = user;
  const request = https
    .request({
      agent: false,
      host: '127.0.0.1',
      port: door.port,
      ca: door.certificate,
      cert,
      key,
      path: asked,
    })
    .end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return response;
}

const web = `
const http = require('node:http');
const server = http.createServer((request, response) => {
  response.end('x'.repeat(1e6));
  if (request.url === '/end') response.on('finish', () => { console.log('served'); process.exit(0); });
});
server.listen(8000);`;

describe('a streaming job that is run', () => {
  it('gives its user the last answer whole, and ends with its process', async () => {
    const answered = Promise.withResolvers<string>();
    const ending = await run(web, (door) => {
      const asked = get(door, '/end').then((response) => text(response));
      asked.then(answered.resolve, answered.reject);
    });
    expect(ending).toMatchObject({ exitCode: 0, timedOut: false, stdout: 'served\n' });
    expect((await answered.promise).length).toBe(1e6);
  });

  it('has the ending of its process when that ends before it is healthy', async () => {
    expect(await run('process.exit(3)')).toMatchObject({ exitCode: 3, timedOut: false });
  });

  it('has failed when its process ends well before it is healthy', async () => {
    await expect(run('console.log("done")')).rejects.toMatchObject({
      code: 'STREAMING_ENDED_EARLY',
      stage: 'streaming_startup',
    });
  });

  it.each([
    ['resets', 'socket.resetAndDestroy()'],
    ['speaks something else', "socket.end('SSH-2.0-x\\r\\n')"],
    [
      'answers without end',
      "socket.write('HTTP/1.1 200 OK\\r\\n'), setInterval(() => socket.write('a: b\\r\\n'.repeat(1000)), 1)",
    ],
    [
      'switches protocols',
      "socket.end('HTTP/1.1 101 Go\\r\\nUpgrade: x\\r\\nConnection: upgrade\\r\\n\\r\\n')",
    ],
  ])('is still followed where it %s when it is asked for its health', async (_, answer) => {
    const program = `require('node:net').createServer((socket) => { socket.on('error', () => {}); ${answer}; }).listen(8000);
      setTimeout(() => process.exit(7), 3000);`;
    expect(await run(program)).toMatchObject({ exitCode: 7, timedOut: false });
  });
});
