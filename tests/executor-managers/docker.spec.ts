import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import {
  DockerExecutorManager,
  type DockerExecutorManagerOptions,
  executorName,
} from '@horde/executor-manager';
import Docker from 'dockerode';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ensureNodeImage } from '@horde/testing/node-image';
import {
  executorManagerConformance,
  never,
  request,
  token,
  up,
} from '../../libs/executor-manager/src/testing/conformance.ts';
import { untilTestEnds } from './docker-manager.ts';
import { ensureScriptedImage } from './scripted-image.ts';
import { serversFile } from './servers-file.ts';

const docker = new Docker();
let image: string;
let notExecutor: string;
beforeAll(async () => {
  image = await ensureScriptedImage();
  notExecutor = await ensureNodeImage();
}, 180_000);

/** Streaming ports that no other spec uses. */
const localPorts = Array.from({ length: 6 }, (_, at) => ({ port: 16_300 + at, publicPort: 26_300 + at }));

async function dockerManager(executors = 3) {
  const folder = mkdtempSync('/tmp/docker-manager-');
  const said: string[] = [];
  const file = serversFile(
    folder,
    `here: { mode: local, executor_class: always_on.test, executors: ${executors} }`,
  );
  const owner = randomUUID();
  const rename = (name: string) =>
    void serversFile(
      folder,
      `${name}: { mode: local, executor_class: always_on.test, executors: ${executors} }`,
    );
  const create = (options: Partial<DockerExecutorManagerOptions> = {}) =>
    new DockerExecutorManager({
      image,
      file,
      defaultClass: 'always_on.test',
      localPorts,
      environment: { HORDE_NOTES: folder, JOB_IMAGE: image },
      autoRemove: true,
      owner,
      knownHosts: { file: path.join(folder, 'known_hosts'), pin: true },
      publicAddress: async () => '198.51.100.7',
      log: (sentence) => said.push(sentence),
      ...options,
    });
  return {
    folder,
    said,
    rename,
    create,
    broken: () => create({ image: notExecutor }),
    notes: async (of: string) => {
      const notes = path.join(folder, of);
      return existsSync(notes) ? readFileSync(notes, 'utf8') : '';
    },
    running: async (of: string) => {
      const found = await docker.listContainers({ filters: { name: [of, executorName(of)] } });
      return found.length;
    },
    kill: (of: string) => docker.getContainer(executorName(of)).kill(),
    close: async () => rmSync(folder, { recursive: true }),
  };
}

executorManagerConformance('the Docker manager', () => dockerManager());

const opened = async (executors?: number) => untilTestEnds(await dockerManager(executors));

describe('an executor in a container', () => {
  it('is started as ComputeHorde’s Docker manager starts it', async () => {
    const under = await opened();
    const manager = under.create({
      environment: {
        HORDE_NOTES: mkdtempSync('/tmp/docker-manager-'),
        DEBUG_NO_GPU_MODE: '1',
        JOB_FOLDER: '/tmp/jobs',
      },
      customJobRunners: { path: '/etc/hostname', className: 'AuditedJobRunner' },
      network: 'a-network',
    });
    const of = token('polite');
    const handle = await manager.start({ ...request(of), startupTimeLimit: 7 }, never());
    onTestFinished(() => manager.stop(handle, 0));
    const { Config, HostConfig } = await docker.getContainer(executorName(of)).inspect();
    expect(Config.Cmd).toEqual([
      'python',
      'manage.py',
      'run_executor',
      '--startup-time-limit',
      '7',
      '--job-runner-class',
      'compute_horde_miner.custom_job_runners.AuditedJobRunner',
    ]);
    expect(Config.Env).toEqual(
      expect.arrayContaining([
        'MINER_ADDRESS=ws://127.0.0.1:9',
        `EXECUTOR_TOKEN=${of}`,
        'NGINX_PORT=16300',
        'DEBUG_NO_GPU_MODE=1',
      ]),
    );
    expect(Config.Labels).toMatchObject({ 'horde.executor.place': 'here', 'horde.network': 'a-network' });
    expect(HostConfig.AutoRemove).toBe(true);
    expect(HostConfig.Binds).toEqual([
      '/var/run/docker.sock:/var/run/docker.sock',
      '/tmp:/tmp',
      '/etc/hostname:/root/src/compute_horde_miner/custom_job_runners.py',
    ]);
    expect(handle).toMatchObject({ machine: 'local', token: of, port: 16_300, publicPort: 26_300 });
    expect(await manager.publicAddress(handle)).toBe('198.51.100.7');
    rmSync(String(Config.Env.find((one) => one.startsWith('HORDE_NOTES='))).slice('HORDE_NOTES='.length), {
      recursive: true,
    });
  });

  it('has its streaming port published, on every address, where its image serves it', async () => {
    const under = await opened();
    const manager = under.create();
    const of = token('polite');
    const handle = await manager.start(request(of), never());
    onTestFinished(() => manager.stop(handle, 0));
    const { NetworkSettings } = await docker.getContainer(executorName(of)).inspect();
    // One for each of IPv4 and IPv6 that the machine has.
    expect(new Set(NetworkSettings.Ports['16300/tcp']!.map(({ HostPort }) => HostPort))).toEqual(
      new Set(['16300']),
    );
  });

  it('gets another port when its own is somebody else’s', async () => {
    const under = await opened();
    const manager = under.create();
    const stranger = net.createServer().listen(16_300);
    await once(stranger, 'listening');
    onTestFinished(() => void stranger.close());
    expect((stranger.address() as AddressInfo).port).toBe(16_300);
    const handle = await manager.start(request(token('polite')), never());
    expect(handle['port']).toBe(16_301);
    await manager.stop(handle, 0);
  });

  it('keeps its port when its miner is killed, and leaves it when it ends', async () => {
    const under = await opened();
    const first = under.create();
    const handle = await first.start(request(token('polite')), never());
    await first.close();
    const next = under.create();
    const other = await next.start(request(token('polite')), never());
    expect([handle['port'], other['port']]).toEqual([16_300, 16_301]);
    await next.stop(handle, 0);
    const third = await next.start(request(token('polite')), never());
    expect(third['port']).toBe(16_300);
    await Promise.all([other, third].map((one) => next.stop(one, 0)));
  });

  it('of a miner that was killed before it had noted it, holds its slot all the same', async () => {
    const under = await opened(1);
    const first = under.create();
    const handle = await first.start(request(token('polite')), never());
    await first.close();
    const next = under.create();
    await expect(next.start(request(token('polite')), never())).rejects.toThrow('No executor of class');
    await next.stop(handle, 0);
    const other = await next.start(request(token('polite')), never());
    await next.stop(other, 0);
  });

  it('holds its slot when its server gets another name', async () => {
    const under = await opened(1);
    const manager = under.create();
    const handle = await manager.start(request(token('polite')), never());
    under.rename('there');
    await expect
      .poll(() => manager.manifest().then(() => under.said.join()), { timeout: 10_000, interval: 200 })
      .toContain('has changed: it names 1 servers');
    await expect(manager.start(request(token('polite')), never())).rejects.toThrow('No executor of class');
    await manager.stop(handle, 0);
    const other = await manager.start(request(token('polite')), never());
    expect(other['place']).toBe('there');
    await manager.stop(other, 0);
  });

  it('has GPUs of its own as long as it runs, also after a restart, towards other miners, and when the file changes', async () => {
    const under = await opened();
    const gpus = 'mode: local, executor_class: always_on.llm.a6000, gpus: [0, 1, 2, 3]';
    serversFile(under.folder, `here: { ${gpus}, executors: 2 }`);
    const wanted = () => ({ ...request(token('polite')), executorClass: 'always_on.llm.a6000' as const });
    const first = under.create();
    const handles = await Promise.all([0, 1].map(() => first.start(wanted(), never())));
    expect(handles.map((handle) => handle['gpus']).sort()).toEqual(['0,1', '2,3']);
    const [one, two] = handles.sort((a, b) => (String(a['gpus']) < String(b['gpus']) ? -1 : 1));
    const { Config } = await docker.getContainer(String(one!['container'])).inspect();
    expect(Config.Env).toContain('EXECUTOR_GPUS=0,1');
    await first.close();

    const next = under.create();
    await expect(next.start(wanted(), never())).rejects.toThrow('No executor of class');
    await next.stop(two!, 0);
    const other = under.create({ owner: randomUUID() });
    const theirs = await other.start(wanted(), never());
    expect(theirs['gpus']).toBe('2,3');
    await expect(next.start(wanted(), never())).rejects.toThrow('All GPUs of here are used by executors.');
    await other.stop(theirs, 0);

    serversFile(under.folder, `here: { ${gpus}, executors: 4 }`);
    await expect.poll(() => next.manifest()).toEqual({ 'always_on.llm.a6000': 3 });
    const third = await next.start(wanted(), never());
    expect(third['gpus']).toBe('2');
    await Promise.all([one!, third].map((handle) => next.stop(handle, 0)));
  });

  it('that was made and never started is removed, and none that is just being started', async () => {
    const under = await opened();
    const manager = under.create({ startLimit: 0, owner: 'a-miner-of-its-own' });
    const lost = await docker.createContainer({
      Image: image,
      Labels: { 'horde.miner': 'a-miner-of-its-own' },
    });
    onTestFinished(() => lost.remove({ force: true }).catch(() => {}));
    await under.create({ owner: 'a-miner-of-its-own' }).running();
    await lost.inspect();
    await expect
      .poll(async () => {
        await manager.running();
        return lost.inspect().catch((error: { statusCode: number }) => error.statusCode);
      })
      .toBe(404);
  });

  it('that the engine does not remove stays for a look at it, stopped', async () => {
    const under = await opened();
    const manager = under.create({ autoRemove: false });
    const of = token('exit');
    const handle = await manager.start(request(of), never());
    expect(await manager.wait(handle, never())).toEqual({ code: 3 });
    const next = under.create({ autoRemove: false });
    expect(await next.recover(handle)).toBe('gone');
    const { State } = await docker.getContainer(executorName(of)).inspect();
    expect(State).toMatchObject({ Running: false, ExitCode: 3 });
    await docker.getContainer(executorName(of)).remove();
  });

  it('does not touch the job of another executor of the engine', async () => {
    const under = await opened();
    const manager = under.create();
    const [one, other] = [token('parent'), token('parent')];
    const handles = await Promise.all([one, other].map((of) => manager.start(request(of), never())));
    await Promise.all([one, other].map((of) => up(under, of)));
    await manager.stop(handles[0]!, 0);
    expect([await under.running(one), await under.running(other)]).toEqual([0, 2]);
    await manager.stop(handles[1]!, 0);
    expect(await under.running(other)).toBe(0);
    expect(await docker.listNetworks({ filters: { name: [`ch-${other}`] } })).toEqual([]);
  });
});

describe('the executor’s image', () => {
  it('that cannot be had is named', async () => {
    const under = await opened();
    const manager = under.create({ image: '127.0.0.1:9/nobody/executor' });
    const refusal = await manager
      .start(request(token('polite')), never())
      .catch((error: Error) => error.message);
    expect(refusal).toMatch(/^127\.0\.0\.1:9\/nobody\/executor:latest could not be fetched: /);
    expect(await manager.prepareImages([image], never())).toMatchObject([
      { machine: 'this machine', image: '127.0.0.1:9/nobody/executor:latest', present: false },
      { image, present: true, error: null },
    ]);
  });
});
