import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DockerExecutorManager, executorName } from '@horde/executor-manager';
import { make, StreamingDetails } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { requests, timing } from '@horde/testing/miner-executor/requests';
import { ScriptedMiner } from '@horde/testing/miner-executor/scripted-miner';
import { makeStreamingUser } from '@horde/commands';
import { ask } from '@horde/testing/streaming-user';
import { ensureNodeImage } from '@horde/testing/node-image';
import { proxyForContainers } from '@horde/testing/container-proxy';
import { never, request } from '../../libs/executor-manager/src/testing/conformance.ts';
import { buildExecutorImage } from '../launch/python-miner.ts';
import { serversFile } from './servers-file.ts';
import { SshHost } from './ssh-host.ts';

let executor: { name: string; remove: () => Promise<unknown> };
let jobImage: string;
let host: SshHost;
beforeAll(async () => {
  [executor, jobImage, host] = await Promise.all([buildExecutorImage(), ensureNodeImage(), SshHost.start()]);
  await host.load(executor.name);
  await host.load(jobImage);
}, 300_000);
afterAll(() => Promise.all([executor?.remove(), host?.remove()]));

/** A manager with the host, and a miner whose executors it starts. @param keepaliveInterval ms */
async function opened(keepaliveInterval?: number): Promise<{
  manager: DockerExecutorManager;
  miner: ScriptedMiner;
  minerAddress: string;
}> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ssh-job-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const server = {
    mode: 'ssh',
    executor_class: 'always_on.test',
    host: host.address,
    username: 'root',
    key_path: host.keyPath,
  };
  const manager = new DockerExecutorManager({
    image: executor.name,
    file: serversFile(folder, JSON.stringify({ first: server })),
    defaultClass: 'always_on.test',
    localPorts: [],
    environment: { DEBUG_NO_GPU_MODE: '1', MINER_ABSENCE_LIMIT: '20' },
    autoRemove: true,
    owner: folder,
    knownHosts: { file: path.join(folder, 'known_hosts'), pin: true },
    publicAddress: async () => null,
    log: () => {},
    keepaliveInterval,
  });
  onTestFinished(() => manager.close());
  const miner = await ScriptedMiner.start();
  return { manager, miner, minerAddress: await proxyForContainers(miner.address) };
}

/** What an executor and its job have left on the host, by name. */
const left = () =>
  host.run(
    `docker ps -a --format '{{.Names}}'; docker network ls --format '{{.Name}}' | grep horde- || true`,
  );

describe('an executor on a host over SSH', () => {
  it('runs a job to its end although the host is cut off meanwhile, and leaves nothing', async () => {
    const { manager, miner, minerAddress } = await opened(500);
    const { initial, job, jobUuid } = requests(
      { docker_image: jobImage },
      { docker_image: jobImage, docker_run_cmd: ['sh', '-c', 'sleep 6; echo hello'] },
    );
    const start = { ...request(`${jobUuid}-token`), jobUuid, minerAddress };
    const handle = await manager.start(start, never());
    const connection = await miner.executor();
    await connection.say(initial);
    expect(await connection.next()).toMatchObject({ message_type: 'V0ExecutorReadyRequest' });
    await connection.say(job);
    expect(await connection.next()).toMatchObject({ message_type: 'V0VolumesReadyRequest' });
    await host.cut();
    await sleep(3_000); // longer than the manager takes to find out
    await host.mend();
    expect(await manager.wait(handle, never())).toEqual({ code: 0 });
    expect(connection.frames.at(-1)).toMatchObject({
      message_type: 'V0JobFinishedRequest',
      docker_process_stdout: 'hello\n',
    });
    expect(await left()).toBe('');
  });

  it('runs a job over a link that loses every tenth packet, and leaves nothing', async () => {
    await host.losePackets(0.1);
    const { manager, miner, minerAddress } = await opened();
    // The first connection may take long; until then the host counts as out of reach.
    await expect.poll(() => manager.manifest()).toEqual({ 'always_on.test': 1 });
    const { initial, job, jobUuid } = requests(
      { docker_image: jobImage },
      { docker_image: jobImage, docker_run_cmd: ['sh', '-c', 'echo hello'] },
    );
    const start = { ...request(`${jobUuid}-token`), jobUuid, minerAddress };
    const handle = await manager.start(start, never());
    const connection = await miner.executor();
    await connection.say(initial, job);
    expect(await manager.wait(handle, never())).toEqual({ code: 0 });
    expect(connection.frames.at(-1)).toMatchObject({
      message_type: 'V0JobFinishedRequest',
      docker_process_stdout: 'hello\n',
    });
    expect(await left()).toBe('');
  }, 60_000);

  it('is reached by the user of its streaming job at the host’s address', async () => {
    const { manager, miner, minerAddress } = await opened();
    const serve = `require('http').createServer((request, response) => {
      response.end('hello from ' + request.url, () => request.url === '/terminate' && process.exit());
    }).listen(8000)`;
    const user = await makeStreamingUser();
    const { initial, job, jobUuid } = requests(
      {
        docker_image: jobImage,
        executor_timing: timing({ streaming_start_time_limit: 20 }),
        streaming_details: make(StreamingDetails, {
          public_key: user.cert,
          executor_ip: host.address,
        }),
      },
      { docker_image: jobImage, docker_run_cmd: ['node', '-e', serve] },
    );
    const start = { ...request(`${jobUuid}-token`), jobUuid, minerAddress };
    const handle = await manager.start(start, never());
    expect(await manager.publicAddress(handle)).toBe(host.address);
    const connection = await miner.executor();
    await connection.say(initial, job);
    for (const message_type of ['V0ExecutorReadyRequest', 'V0VolumesReadyRequest']) {
      expect(await connection.next()).toMatchObject({ message_type });
    }
    const ready = await connection.next();
    expect(ready).toMatchObject({ message_type: 'V0StreamingJobReadyRequest', port: handle['publicPort'] });
    // The executor's own container has the port: there is no second one beside the job's.
    expect(await host.run(`docker ps -q | wc -l`)).toBe('2\n');
    const get = (where: string) =>
      ask(
        `https://${host.address}:${String(handle['publicPort'])}${where}`,
        ready['public_key'] as string,
        user,
      );
    expect(await get('/some/where')).toBe('200 hello from /some/where');
    expect(await get('/terminate')).toBe('200 hello from /terminate');
    expect(await manager.wait(handle, never())).toEqual({ code: 0 });
    expect(await left()).toBe('');
  });

  it('that is killed leaves no job on the host', async () => {
    const { manager, miner, minerAddress } = await opened();
    const { initial, job, jobUuid } = requests(
      { docker_image: jobImage },
      { docker_image: jobImage, docker_run_cmd: ['sleep', '300'] },
    );
    const start = { ...request(`${jobUuid}-token`), jobUuid, minerAddress };
    const handle = await manager.start(start, never());
    const connection = await miner.executor();
    await connection.say(initial, job);
    await expect.poll(() => host.run('docker ps -q | wc -l')).toBe('2\n');
    await host.run(`docker kill ${executorName(start.token)}`);
    expect(await manager.wait(handle, never())).toEqual({ code: 137 });
    expect(await left()).toBe('');
  });
});
