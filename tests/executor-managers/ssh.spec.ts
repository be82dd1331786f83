import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  DockerExecutorManager,
  executorName,
  NoFreeSlot,
  HostUnreachable,
  type DockerExecutorManagerOptions,
} from '@horde/executor-manager';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ensureNodeImage } from '@horde/testing/node-image';
import {
  executorManagerConformance,
  never,
  request,
  token,
  up,
} from '../../libs/executor-manager/src/testing/conformance.ts';
import { untilTestEnds, type DockerManagerUnderTest } from './docker-manager.ts';
import { ensureScriptedImage } from './scripted-image.ts';
import { serversFile } from './servers-file.ts';
import { SshHost } from './ssh-host.ts';

/** A minute of two processors more, with `./horde test --all`. */
const whole = process.env['WHOLE_HOSTS'] !== undefined;

let image: string;
let notExecutor: string;
let host: SshHost;
let other: SshHost;
beforeAll(async () => {
  image = await ensureScriptedImage();
  notExecutor = await ensureNodeImage();
  [host, other] = await Promise.all([SshHost.start(), SshHost.start()]);
  await Promise.all([host.load(image), other.load(image)]);
}, 300_000);
afterAll(() => Promise.all([host?.remove(), other?.remove()]));

/** A server of the operator's file. */
const server = (name: string, at: SshHost, more = 'executors: 3') =>
  `${name}: { mode: ssh, executor_class: always_on.test, host: ${at.address}, username: root, key_path: ${at.keyPath}, ${more} }\n`;

interface Under extends DockerManagerUnderTest {
  folder: string;
}

async function sshManager(servers = server('first', host)): Promise<Under> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ssh-manager-'));
  const said: string[] = [];
  const file = serversFile(folder, servers);
  const owner = randomUUID();
  await Promise.all([host, other].map((one) => one.run('mkdir -p /tmp/horde-scripted')));
  const create = (options: Partial<DockerExecutorManagerOptions> = {}) =>
    new DockerExecutorManager({
      image,
      file,
      defaultClass: 'always_on.test',
      localPorts: [],
      environment: { JOB_IMAGE: image },
      autoRemove: true,
      owner,
      knownHosts: { file: path.join(folder, 'known_hosts'), pin: true },
      publicAddress: async () => '198.51.100.7',
      log: (sentence) => said.push(sentence),
      keepaliveInterval: 500,
      awayAfter: 1_000,
      ...options,
    });
  return {
    folder,
    said,
    create,
    broken: () => create({ image: notExecutor }),
    notes: (of) => host.run(`cat /tmp/horde-scripted/${of} 2>/dev/null || true`),
    running: async (of) => {
      const found = await host.run(`docker ps -q --filter name=${of} --filter name=${executorName(of)}`);
      return found.split('\n').filter(Boolean).length;
    },
    kill: async (of) => void (await host.run(`docker kill ${executorName(of)}`)),
    close: async () => rmSync(folder, { recursive: true }),
  };
}

if (whole) executorManagerConformance('the Docker manager with a host over SSH', () => sshManager());

const opened = async (servers?: string) => untilTestEnds(await sshManager(servers));

const start = (manager: DockerExecutorManager) => manager.start(request(token('polite')), never());

describe.runIf(whole)('a host that goes away amid a job', () => {
  it('is lost, counts with its executor only, and when it is back the executor is still awaited', async () => {
    const under = await opened(server('first', host));
    const manager = under.create();
    const of = token('polite');
    const handle = await manager.start(request(of), never());
    await up(under, of);
    let ended: object | null = null;
    const waiting = manager.wait(handle, never()).then((status) => (ended = status));
    await host.cut();
    await expect
      .poll(() => under.said.join('\n'), { timeout: 10_000 })
      .toContain(`root@${host.address}:22 is lost`);
    await expect.poll(() => manager.manifest()).toEqual({ 'always_on.test': 1 });
    expect(await manager.recover(handle)).toBe('running');
    expect(ended).toBeNull();
    await host.mend();
    await expect.poll(() => manager.manifest()).toEqual({ 'always_on.test': 3 });
    expect(under.said.join('\n')).toContain('is in reach again');
    expect(ended).toBeNull();
    const stopping = manager.stop(handle, 5_000);
    expect(await waiting).toEqual({ code: 0 });
    await stopping;
  });

  it('and comes back when the executor has ended: it is gone, with a code that nobody knows', async () => {
    const under = await opened(server('first', host));
    const manager = under.create();
    const of = token('brief');
    const handle = await manager.start(request(of), never());
    await up(under, of);
    const waiting = manager.wait(handle, never());
    await host.cut();
    await expect.poll(() => under.running(of)).toBe(0);
    await host.mend();
    expect(await waiting).toEqual({ code: null });
    expect(await manager.recover(handle)).toBe('gone');
  });

  it('is told to stop it when it is back', async () => {
    const under = await opened(server('first', host));
    const manager = under.create();
    const of = token('parent');
    const handle = await manager.start(request(of), never());
    await up(under, of);
    await host.cut();
    await expect.poll(() => under.said.join('\n')).toContain('is lost');
    const stopping = manager.stop(handle, 100);
    await host.mend();
    await stopping;
    expect(await under.running(of)).toBe(0);
  });

  it('loses its engine with it: the executor is gone, and others can be started when the engine is back', async () => {
    const under = await opened(server('first', host));
    const manager = under.create();
    const handle = await start(manager);
    const waiting = manager.wait(handle, never());
    await host.stopEngine();
    await expect(start(manager)).rejects.toThrow(Error);
    await host.startEngine();
    expect((await waiting).code).toBeOneOf([null, 0, 137, 143]);
    await manager.stop(await start(manager), 0);
  });
});

describe('a host that cannot be reached', () => {
  it('counts nothing, its executors are started elsewhere, and the log says why', async () => {
    const nowhere = `nowhere: { mode: ssh, executor_class: always_on.test, host: ${host.address}, ssh_port: 9, username: root, key_path: ${host.keyPath} }\n`;
    const under = await opened(nowhere + server('second', other, 'executors: 1'));
    const manager = under.create();
    // A host that takes seconds to let in counts when it has.
    await expect.poll(() => manager.manifest()).toEqual({ 'always_on.test': 1 });
    const handle = await start(manager);
    expect(handle).toMatchObject({ place: 'second', host: other.address });
    expect(await manager.publicAddress(handle)).toBe(other.address);
    await expect(start(manager)).rejects.toThrow(NoFreeSlot);
    expect(under.said.join('\n')).toMatch(/root@\S+:9 cannot be reached: connect ECONNREFUSED/);
    await manager.stop(handle, 0);
  });

  it('with a key that the host does not take, or that is none', async () => {
    const under = await opened(server('first', host).replace(host.keyPath, other.keyPath));
    expect(await under.create().manifest()).toEqual({});
    expect(under.said.join('\n')).toMatch(/cannot be reached: All configured authentication methods failed/);
    const notKey = path.join(under.folder, 'not-a-key');
    writeFileSync(notKey, 'hello');
    const next = await opened(server('first', host).replace(host.keyPath, notKey));
    expect(await next.create().manifest()).toEqual({});
    expect(next.said.join('\n')).toContain(`${notKey} is no key that can be used`);
  });
});

describe('a host’s key', () => {
  it('is pinned on first use, and another one is refused from then on', async () => {
    const under = await opened(server('second', other));
    const pins = path.join(under.folder, 'known_hosts');
    const manager = under.create();
    expect(await manager.manifest()).toEqual({ 'always_on.test': 3 });
    expect(readFileSync(pins, 'utf8')).toMatch(new RegExp(`^${other.address} ssh-ed25519 \\S+\\n$`));
    await manager.close();
    await other.changeKeys();
    const next = under.create();
    expect(await next.manifest()).toEqual({});
    expect(under.said.at(-1)).toMatch(
      new RegExp(
        `The key of ${other.address} port 22 has changed: it was ssh-ed25519 SHA256:\\S+ and is now .* remove the host's line from ${pins}`,
      ),
    );
    writeFileSync(pins, '');
    expect(await under.create().manifest()).toEqual({ 'always_on.test': 3 });
  });

  it('must be in the operator’s known_hosts where there is one; the types it names are asked for', async () => {
    const under = await opened(server('first', host));
    const file = path.join(under.folder, 'operators');
    writeFileSync(file, '# nothing yet\n');
    expect(await under.create({ knownHosts: { file, pin: false } }).manifest()).toEqual({});
    expect(under.said.at(-1)).toContain(`${file} has no key of ${host.address} port 22`);
    const key = (await host.run('cat /etc/ssh/ssh_host_rsa_key.pub')).split(' ').slice(0, 2).join(' ');
    writeFileSync(file, `${host.address} ${key}\n`);
    expect(await under.create({ knownHosts: { file, pin: false } }).manifest()).toEqual({
      'always_on.test': 3,
    });
    expect(readFileSync(file, 'utf8')).toBe(`${host.address} ${key}\n`);
  });
});

describe('several hosts', () => {
  it('share the executors of a class, and a class may be on several', async () => {
    const llm = server('third', other, 'executors: 1').replace('always_on.test', 'always_on.llm.a6000');
    const under = await opened(
      server('first', host, 'executors: 2') + server('second', other, 'executors: 1') + llm,
    );
    const manager = under.create();
    expect(await manager.manifest()).toEqual({ 'always_on.test': 3, 'always_on.llm.a6000': 1 });
    const handles = await Promise.all([start(manager), start(manager), start(manager)]);
    expect(handles.map(({ place }) => place).sort()).toEqual(['first', 'first', 'second']);
    const last = await manager.start(
      { ...request(token('polite')), executorClass: 'always_on.llm.a6000' },
      never(),
    );
    expect(
      handles
        .concat(last)
        .map(({ host: at, port }) => `${at} ${port}`)
        .sort(),
    ).toEqual(
      [
        `${host.address} 6006`,
        `${host.address} 6007`,
        `${other.address} 6006`,
        `${other.address} 6007`,
      ].sort(),
    );
    await Promise.all(handles.concat(last).map((handle) => manager.stop(handle, 0)));
  });

  it('are added and removed while the miner runs; what runs on a removed one runs to its end', async () => {
    const under = await opened(server('first', host, 'executors: 1'));
    const manager = under.create();
    const of = token('polite');
    const handle = await manager.start(request(of), never());
    await up(under, of);
    serversFile(under.folder, server('second', other, 'executors: 1'));
    const next = await expect
      .poll(() => start(manager).catch((error: Error) => error.name), { timeout: 10_000, interval: 500 })
      .toMatchObject({ place: 'second' })
      .then(() => manager.running());
    expect(next).toMatchObject([{ handle: { place: 'second' } }]);
    expect(await manager.recover(handle)).toBe('running');
    const waiting = manager.wait(handle, never());
    await manager.stop(handle, 5_000);
    expect(await waiting).toEqual({ code: 0 });
    expect(under.said).toContain(
      `${path.join(under.folder, 'docker_config.yaml')} has changed: it names 1 servers.`,
    );
    await manager.stop(next[0]!.handle, 0);
  });

  it('that are draining get no more executors, and what runs there goes on', async () => {
    const under = await opened(server('first', host) + server('second', other, 'executors: 1'));
    const manager = under.create();
    const handle = await manager.start(request(token('polite')), never());
    expect(handle).toMatchObject({ place: 'first' });
    expect(await manager.isLeaving(handle)).toBe(false);
    serversFile(
      under.folder,
      server('first', host, 'executors: 3, draining: true') + server('second', other, 'executors: 1'),
    );
    await expect.poll(() => manager.manifest(), { timeout: 10_000 }).toEqual({ 'always_on.test': 2 });
    expect(await manager.isLeaving(handle)).toBe(true);
    expect(await manager.recover(handle)).toBe('running');
    const next = await start(manager);
    expect(next).toMatchObject({ place: 'second' });
    await expect(start(manager)).rejects.toThrow(NoFreeSlot);
    expect(await manager.hosts()).toMatchObject([
      { name: 'first', trouble: null, draining: true },
      { name: 'second', trouble: null, draining: false },
    ]);
    await manager.stop(handle, 0);
    expect(await manager.manifest()).toEqual({ 'always_on.test': 1 });
    serversFile(under.folder, server('second', other, 'executors: 1'));
    await expect.poll(() => manager.isLeaving(handle), { timeout: 10_000 }).toBe(true);
    await manager.stop(next, 0);
  });

  it('reach the miner at the address that the file has for them', async () => {
    const under = await opened(server('first', host, 'miner_address: "fd00::7"'));
    const manager = under.create();
    const handle = await start(manager);
    const shown = await host.run(
      `docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' ${String(handle['container'])}`,
    );
    const { port } = new URL(request(token('polite')).minerAddress);
    expect(shown).toContain(`MINER_ADDRESS=ws://[fd00::7]:${port}\n`);
    await manager.stop(handle, 0);
  });

  it('get what no registry has from the engine of the miner’s machine, by its name and by its id', async () => {
    const docker = new Docker();
    const { Id } = await docker.getImage(notExecutor).inspect();
    const images = [Id, `horde-test/copied:${randomUUID().slice(0, 8)}`];
    await docker.getImage(notExecutor).tag({ repo: 'horde-test/copied', tag: images[1]!.split(':')[1] });
    onTestFinished(() => docker.getImage(images[1]!).remove());
    const under = await opened(server('first', host));
    const manager = under.create();
    const limit = AbortSignal.timeout(120_000);
    const machine = `root@${host.address}:22`;
    const there = [image, ...images].map((name) => ({ machine, image: name, present: true, error: null }));
    expect(await manager.prepareImages(images, limit)).toEqual(there);
    expect(await host.run(`docker image inspect -f '{{.Id}}' ${images.join(' ')}`)).toBe(`${Id}\n${Id}\n`);
    expect(await manager.prepareImages(images, limit)).toEqual(there);
  });

  it('get the images of jobs, each; one that is out of reach is reported', async () => {
    const nowhere = `nowhere: { mode: ssh, executor_class: always_on.test, host: ${host.address}, ssh_port: 9, username: root, key_path: ${host.keyPath} }\n`;
    const under = await opened(server('first', host) + nowhere);
    const limit = AbortSignal.timeout(60_000);
    const prepared = await under.create().prepareImages(['127.0.0.1:9/some/job:1'], limit);
    expect(prepared).toMatchObject([
      { machine: `root@${host.address}:22`, image, present: true },
      { machine: `root@${host.address}:22`, image: '127.0.0.1:9/some/job:1', present: false },
      {
        machine: `root@${host.address}:9`,
        image,
        present: false,
        error: expect.stringContaining('is out of reach') as string,
      },
      { machine: `root@${host.address}:9`, present: false },
    ]);
  });
});

describe('the engine of a host', () => {
  it('is reached through the one connection alone: nothing listens here for it', async () => {
    const under = await opened(server('first', host));
    const before = ownListeningSockets();
    const manager = under.create();
    await manager.manifest();
    const handles = await Promise.all([start(manager), start(manager)]);
    const connections = () => host.run(`ss -Htn state established '( sport = :22 )' | wc -l`);
    // Those of managers that are closed may take a moment to go.
    await expect.poll(async () => (await connections()).trim()).toBe('1');
    expect(ownListeningSockets()).toEqual(before);
    await Promise.all(handles.map((handle) => manager.stop(handle, 0)));
  });

  it('a start that is cut off leaves nothing, once the host is back', async () => {
    const under = await opened(server('first', host));
    const manager = under.create();
    await manager.manifest();
    const of = token('polite');
    const starting = manager.start(request(of), never());
    starting.catch(() => {});
    await expect
      .poll(() => host.run(`docker ps -aq --filter name=${executorName(of)}`), { interval: 5 })
      .not.toBe('');
    await host.cut();
    const outcome = await starting.catch((error: unknown) => error);
    await host.mend();
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(HostUnreachable);
      await expect
        .poll(() => host.run(`docker ps -aq --filter name=${executorName(of)}`), { timeout: 20_000 })
        .toBe('');
    } else await manager.stop(outcome as never, 0);
  });
});

/** The sockets of this process that others can connect to, by their inodes. */
function ownListeningSockets(): string[] {
  const tables = ['tcp', 'tcp6'].flatMap((name) =>
    readFileSync(`/proc/self/net/${name}`, 'utf8').split('\n'),
  );
  const listening = tables.map((line) => line.trim().split(/\s+/)).filter((fields) => fields[3] === '0A');
  const unix = readFileSync('/proc/self/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const inodes = new Set([
    ...listening.map((fields) => fields[9]),
    ...unix.filter((fields) => fields[3] === '00010000').map((fields) => fields[6]),
  ]);
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const inode = /^socket:\[(?<inode>\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.groups?.['inode'];
      return inode && inodes.has(inode) ? [inode] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
}
