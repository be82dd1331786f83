import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  FallbackClient,
  httpUpload,
  httpVolume,
  SkyCloud,
  type HordeClientError,
  type JobSpec,
} from '../index.ts';

const spec: JobSpec = {
  executorClass: 'always_on.llm.a6000',
  jobNamespace: 'SN1.0',
  dockerImage: 'alpine:3',
  args: ['sh', '-c', 'echo "it\'s $NAME"; echo oh >&2; echo done >/artifacts/a'],
  env: { NAME: 'x y' },
  artifactsDir: '/artifacts',
  downloadTimeLimit: 1,
  executionTimeLimit: 10,
  uploadTimeLimit: 1,
};

let folder: string;
let client: FallbackClient;

/** A folder with the scripted commands, first on the path. */
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-sky-spec-'));
  for (const name of ['sky', 'scp', 'ssh']) {
    await copyFile(path.join(import.meta.dirname, '../testing/scripted-sky.mjs'), path.join(folder, name));
    await chmod(path.join(folder, name), 0o755);
  }
  client = clientWith({});
});
afterEach(() => rm(folder, { recursive: true }));

const clientWith = (env: Record<string, string>) =>
  new FallbackClient(
    new SkyCloud({
      cloud: 'runpod',
      env: { PATH: `${folder}:${process.env['PATH']}`, SKY_ROOT: folder, ...env },
    }),
  );
const thrown = (work: Promise<unknown>) => work.catch((error: unknown) => error as HordeClientError);
const machines = async () => (await readdir(folder)).filter((name) => name.startsWith('horde-'));
const calls = async () =>
  (await readFile(path.join(folder, 'calls'), 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');

describe('a job on a rented machine', () => {
  it('runs with its environment, and comes back with what it printed and left; the machine is given back', async () => {
    const job = await client.createJob(spec, { task: { region: 'EU' } });
    expect(await machines()).toEqual([job.handle]);
    // Another process finds it by its handle.
    const found = client.getJob(job.handle);
    await found.wait({ timeout: 20 });
    expect(found.status).toBe('completed');
    expect(found.result).toEqual({
      stdout: "it's x y\n",
      stderr: 'oh\n',
      artifacts: new Map([['/artifacts/a', Buffer.from('done\n')]]),
    });
    expect(await machines()).toEqual([]);
    expect(JSON.parse(await readFile(path.join(folder, 'resources'), 'utf8'))).toEqual({
      cloud: 'runpod',
      image_id: 'docker:alpine:3',
      accelerators: { RTXA6000: 1 },
      region: 'EU',
    });
    const [launch] = (await readFile(path.join(folder, 'calls'), 'utf8')).split('\n');
    expect(launch).toContain('--idle-minutes-to-autostop 15 --down');
  });

  it('gets its files, and sends what it has made', async () => {
    const received: string[] = [];
    const server = createServer(async (request, response) => {
      if (request.method === 'PUT') received.push(`${request.headers['x-a']} ${await text(request)}`);
      response.end(request.url);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const job = await client.createJob({
      ...spec,
      args: ['sh', '-c', 'cat /volume/in/f >/output/o'],
      inputVolumes: { '/volume/in/f': httpVolume(`${url}/it's`) },
      outputVolumes: { '/output/o': httpUpload(`${url}/o`, { signedHeaders: { 'x-a': 'b' } }) },
    });
    await job.wait({ timeout: 20 });
    expect([job.status, received]).toEqual(['completed', ["b /it's"]]);
  });

  it('that fails is tried again, and given back as it failed last', async () => {
    const handles: string[] = [];
    const failing = { ...spec, args: ['sh', '-c', 'exit 3'] };
    const options = { maxAttempts: 2, onAttempt: ({ handle }: { handle: string }) => handles.push(handle) };
    const job = await client.runUntilComplete(failing, options);
    expect([job.status, handles.length, new Set(handles).size]).toEqual(['failed', 2, 2]);
    expect(await machines()).toEqual([]);
  });

  it('that cannot be had is an error with the last line of its command, and nothing stays rented', async () => {
    expect(await thrown(clientWith({ FAIL: 'launch' }).createJob(spec))).toMatchObject({
      code: 'FALLBACK_FAILED',
      message: 'sky launch failed: sky.exceptions.ResourcesUnavailableError: no machine is free',
    });
    const none = clientWith({ PATH: '/nowhere' });
    expect(await thrown(none.createJob(spec))).toMatchObject({
      message: 'sky launch failed: there is no such command on this machine',
    });
    expect(await calls()).toEqual(['launch', 'down', '']);
    expect(await machines()).toEqual([]);
  });

  it('that is aborted ends with the reason', async () => {
    const signal = AbortSignal.abort(new Error('no longer wanted'));
    expect(await thrown(client.createJob(spec, { signal }))).toBe(signal.reason);
  });

  it('is found by other processes as long as its machine is rented', async () => {
    const running = await client.createJob({ ...spec, args: ['sleep', '60'] });
    const ended = await client.createJob({ ...spec, args: ['sh', '-c', 'pwd'] }, { workDir: '/usr' });
    await expect.poll(() => ended.refresh().then(() => ended.status)).toBe('completed');
    const jobs = await clientWith({}).getJobs();
    const found = new Map(jobs.map(({ handle, status, result }) => [handle, [status, result?.stdout]]));
    expect(found).toEqual(
      new Map([
        [running.handle, ['accepted', undefined]],
        [ended.handle, ['completed', '/usr\n']],
      ]),
    );
    for (const job of jobs) await job.cancel();
    expect(await client.getJobs()).toEqual([]);
  });
});

describe('a streaming job on a rented machine', () => {
  const program = `const server = require('http').createServer(({ url }, response) => {
    response.end(url);
    if (url === '/end') { server.close(); server.closeIdleConnections(); }
  }).listen(0, '127.0.0.1', () => require('fs').writeFileSync('/tmp/port', String(server.address().port)));`;
  const streaming: JobSpec = {
    ...spec,
    streaming: true,
    executionTimeLimit: 120,
    args: [process.execPath, '-e', program],
  };

  it('is reached through a tunnel, which ends with it', async () => {
    const job = await client.createJob(streaming);
    const place = await job.waitForStreaming({ timeout: 20 });
    const ask = async (name: string) => (await fetch(`${place.url}${name}`)).text();
    expect([await ask('hello'), await ask('end')]).toEqual(['/hello', '/end']);
    await job.wait({ timeout: 20 });
    expect(job.status).toBe('completed');
    await expect.poll(() => ask('hello').catch(() => 'nobody')).toBe('nobody');
  });

  it('is left by its client, which can come back', async () => {
    const job = await client.createJob(streaming);
    const first = await job.waitForStreaming({ timeout: 20 });
    client.close();
    await expect.poll(() => fetch(first.url).then(Boolean, () => false)).toBe(false);
    const { url } = await job.waitForStreaming({ timeout: 20 });
    expect(await (await fetch(`${url}again`)).text()).toBe('/again');
    await job.cancel();
  });

  it('that ends before it listens, and one whose machine lets nobody in, are errors that say why', async () => {
    const failing = await client.createJob({ ...streaming, args: ['false'] });
    expect(await thrown(failing.waitForStreaming({ timeout: 20 }))).toMatchObject({
      code: 'NOT_STREAMING',
      message: `Job ${failing.handle} cannot be reached: it is failed.`,
    });
    const locked = await clientWith({ FAIL: 'ssh' }).createJob(streaming);
    expect(await thrown(locked.waitForStreaming({ timeout: 20 }))).toMatchObject({
      code: 'FALLBACK_FAILED',
      message: 'ssh failed: root@1.2.3.4: Permission denied (publickey).',
    });
    await locked.cancel();
  });
});
