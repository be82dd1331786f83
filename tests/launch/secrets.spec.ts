import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { DockerExecutorManager } from '@horde/executor-manager';
import { make, SingleFilePut, SingleFileVolume, StreamingDetails } from '@horde/protocol';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { requests, timing } from '@horde/testing/miner-executor/requests';
import { ScriptedMiner } from '@horde/testing/miner-executor/scripted-miner';
import { makeStreamingUser } from '@horde/commands';
import { ask } from '@horde/testing/streaming-user';
import { ensureNodeImage } from '@horde/testing/node-image';
import { freePort } from '@horde/testing/free-port';
import { proxyForContainers } from '@horde/testing/container-proxy';
import { never, request, token } from '../../libs/executor-manager/src/testing/conformance.ts';
import { serversFile } from '../executor-managers/servers-file.ts';
import { buildExecutorImage } from './python-miner.ts';

const docker = new Docker();
let executorImage: Awaited<ReturnType<typeof buildExecutorImage>>;
beforeAll(async () => void (executorImage = await buildExecutorImage()), 180_000);
afterAll(() => executorImage?.remove());

/** What a job can find out: the names of all that share its network, its own surroundings, and all processes it sees. */
const spy = `
const fs = require('node:fs'), dns = require('node:dns').promises, os = require('node:os'), http = require('node:http');
async function seen() {
  const own = Object.values(os.networkInterfaces()).flat().find(({ internal, family }) => !internal && family === 'IPv4');
  const start = own.address.replace(/\\d+$/, '');
  const names = await Promise.all(Array.from({ length: 20 }, (_, at) => {
    const resolver = new (require('node:dns').promises.Resolver)({ timeout: 2000, tries: 1 });
    resolver.setServers(['127.0.0.11']);
    return resolver.reverse(start + (at + 1)).catch(() => []);
  }));
  const read = (file) => { try { return fs.readFileSync(file, 'utf8'); } catch { return ''; } };
  const processes = fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name));
  const files = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf', '/proc/self/mountinfo', '/proc/self/cgroup',
    ...processes.flatMap((pid) => ['/proc/' + pid + '/cmdline', '/proc/' + pid + '/environ'])];
  return JSON.stringify({ names: names.flat(), files: files.map(read) });
}
http.createServer(async (request, response) => {
  if (request.url === '/end') return response.end('bye', () => process.exit());
  response.end(request.url === '/seen' ? await seen() : 'fine');
}).listen(8000);`;

/** What others on the engine and the machine can read: names, labels and command lines. */
async function inTheOpen(): Promise<string> {
  const [containers, { Networks, Volumes }, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks().then((Networks) => ({ Networks, Volumes: [] })),
    docker.listVolumes(),
  ]);
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const commands = processes.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return ''; // ended meanwhile
    }
  });
  return JSON.stringify({ containers, Networks, Volumes, volumes, commands, tmp: readdirSync('/tmp') });
}

/** A server that has a file for whoever knows the address, and takes uploads. @returns `http://host:port` for containers */
async function storage(): Promise<string> {
  const server = http.createServer((asked, answer) => {
    asked.resume();
    asked.on('end', () => answer.end('contents'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  return (await proxyForContainers(`ws://127.0.0.1:${port}`)).replace(/^ws/, 'http');
}

describe('a streaming job and its executor', () => {
  it('show no secret in names, labels, command lines and logs, nor to the job itself', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'horde-secrets-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = serversFile(folder, 'here: { mode: local, executor_class: always_on.test }');
    const [port, user, image, store] = await Promise.all([
      freePort(),
      makeStreamingUser(),
      ensureNodeImage(),
      storage(),
    ]);
    const logs: string[] = [];
    const manager = new DockerExecutorManager({
      image: executorImage.name,
      file,
      defaultClass: 'always_on.test',
      localPorts: [{ port, publicPort: port }],
      environment: {
        DEBUG_NO_GPU_MODE: '1',
        LOG_LEVEL: 'trace',
        HF_ACCESS_TOKEN: 'hf_the-operators-secret',
        VOLUME_ALLOW_PRIVATE_ADDRESSES: 'true',
      },
      autoRemove: true,
      owner: folder,
      knownHosts: { file: path.join(folder, 'known_hosts'), pin: true },
      publicAddress: async () => null,
      log: (sentence) => logs.push(sentence),
    });
    onTestFinished(() => manager.close());
    const miner = await ScriptedMiner.start();
    const of = token('polite');
    const handle = await manager.start(
      { ...request(of), minerAddress: await proxyForContainers(miner.address), startupTimeLimit: 30 },
      never(),
    );
    onTestFinished(() => manager.stop(handle, 0));
    const output = await docker
      .getContainer(String(handle['container']))
      .logs({ follow: true, stdout: true, stderr: true });
    const printed = new PassThrough();
    docker.modem.demuxStream(output, printed, printed);
    output.once('end', () => printed.end());
    const executorLogs = text(printed);

    const { initial, job } = requests(
      {
        docker_image: image,
        executor_timing: timing({ streaming_start_time_limit: 30 }),
        streaming_details: make(StreamingDetails, { public_key: user.cert, executor_ip: '127.0.0.1' }),
      },
      {
        docker_image: image,
        docker_run_cmd: ['node', '-e', spy],
        volume: make(SingleFileVolume, { url: `${store}/in?signature=in-secret`, relative_path: 'in' }),
        output_upload: make(SingleFilePut, {
          url: `${store}/out?signature=out-secret`,
          relative_path: 'stdout.txt',
        }),
      },
    );
    const connection = await miner.executor();
    await connection.say(initial, job);
    let ready = await connection.next();
    while (ready.message_type !== 'V0StreamingJobReadyRequest') ready = await connection.next();
    const get = (where: string) =>
      ask(`https://127.0.0.1:${port}${where}`, ready['public_key'] as string, user);
    const seenByJob = await get('/seen');
    const open = await inTheOpen();
    await manager.running();
    await get('/end');
    await manager.wait(handle, never());
    expect(connection.frames.at(-1)).toMatchObject({ message_type: 'V0JobFinishedRequest' });

    expect((JSON.parse(seenByJob.replace('200 ', '')) as { names: string[] }).names.join()).toContain(
      'horde-',
    ); // it did look
    const places = { seenByJob, open, logs: logs.join('\n') + (await executorLogs) };
    const secrets = [of, 'hf_the-operators-secret', 'in-secret', 'out-secret', 'BEGIN PRIVATE KEY'];
    const leaks = Object.entries(places).flatMap(([place, contents]) =>
      secrets.filter((secret) => contents.includes(secret)).map((secret) => `${secret} in ${place}`),
    );
    expect(places.logs).toContain('result_upload'); // they are the logs
    expect(leaks).toEqual([]);
  });
});
