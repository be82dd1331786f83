import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { bridgeGateway } from '@horde/executor-manager';
import { ensureHotkey } from '@horde/identity';
import { freePort } from '@horde/testing/free-port';
import { root } from '@horde/testing/horde';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

/** Makes all images and starts a miner and a validator: some minutes, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_RUNNER'] !== undefined;

const docker = new Docker();
const run = promisify(execFile);
/** Until a service is ready, and until a runner has said something. */
const patience = { timeout: 240_000, interval: 1_000 };

/** A host's folder with what an operator has in it, and the project that is started there. */
class Installation {
  readonly project = `horde-test-${randomBytes(4).toString('hex')}`;

  private constructor(
    readonly name: 'miner' | 'validator',
    readonly folder: string,
    readonly port: number,
    /** The address of this host for all its containers. */
    private readonly bridge: string,
  ) {}

  static async make(name: 'miner' | 'validator'): Promise<Installation> {
    const folder = await mkdtemp(path.join(tmpdir(), 'horde-runner-'));
    const one = new Installation(name, folder, await freePort(), await bridgeGateway(docker));
    await ensureHotkey(path.join(folder, 'wallets/own wallet/hotkeys/default'));
    await one.write({});
    const inside = name === 'miner' ? '/root/.env' : '/root/validator/.env';
    const service = {
      image: `horde/${name}-runner:latest`,
      restart: 'unless-stopped',
      logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
      volumes: [
        '/var/run/docker.sock:/var/run/docker.sock',
        `${folder}/wallets:/root/.bittensor/wallets`,
        `./.env:${inside}`,
      ],
    };
    await writeFile(
      path.join(folder, 'docker-compose.yml'),
      JSON.stringify({ services: { [`${name}-runner`]: service } }),
    );
    return one;
  }

  async write(changed: Record<string, string>): Promise<void> {
    const variables = {
      SECRET_KEY: 'secret-of-the-web',
      POSTGRES_PASSWORD: 'of-the-old-database',
      BITTENSOR_NETUID: '12',
      BITTENSOR_NETWORK: 'devnet',
      BITTENSOR_WALLET_NAME: '"own wallet"',
      BITTENSOR_WALLET_HOTKEY_NAME: 'default',
      HOST_WALLET_DIR: `${this.folder}/wallets`,
      COMPOSE_PROJECT_NAME: this.project,
      DEFAULT_ADMIN_PASSWORD: 'correct-horse-battery',
      DEFAULT_EXECUTOR_CLASS: '',
      MIGRATING: '"0"',
      UNKNOWN_TO_ALL: 'x',
      ...(this.name === 'miner'
        ? {
            BITTENSOR_MINER_PORT: String(this.port),
            PORT_FOR_EXECUTORS: String(this.port),
            BITTENSOR_MINER_ADDRESS: this.bridge,
            ADDRESS_FOR_EXECUTORS: '172.17.0.1',
            DEBUG_NO_GPU_MODE: '1',
          }
        : { HTTP_PORT: String(this.port), FACILITATOR_URI: 'ws://127.0.0.1:9/ws/v0/' }),
      ...changed,
    };
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(path.join(this.folder, '.env'), lines.join(''), { mode: 0o600 });
  }

  async compose(...words: string[]): Promise<void> {
    const file = path.join(this.folder, 'docker-compose.yml');
    await run('./horde', ['compose', '--file', file, '--project-name', this.project, ...words], {
      cwd: root,
    });
  }

  container(service: string): Docker.Container {
    return docker.getContainer(`${this.project}-${service}-1`);
  }

  inspect(service: string): Promise<Docker.ContainerInspectInfo> {
    return this.container(service).inspect();
  }

  async said(): Promise<string> {
    const { stdout } = await run('docker', ['logs', `${this.project}-${this.name}-runner-1`]);
    return stdout;
  }

  /** A validator without a facilitator is not ready, and serves its panel. */
  ready(): Promise<void> {
    return vi.waitFor(async () => {
      if (this.name === 'miner') expect((await this.inspect('app')).State.Health?.Status).toBe('healthy');
      else expect((await fetch(`http://127.0.0.1:${this.port}/health/live`)).status).toBe(200);
    }, patience);
  }

  async remove(): Promise<void> {
    await this.compose('down', '--remove-orphans', '--timeout', '20');
    const filters = { label: [`com.docker.compose.project=${this.project}`] };
    const { Volumes } = await docker.listVolumes({ filters });
    for (const { Name } of Volumes ?? []) await docker.getVolume(Name).remove();
    for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
    await rm(this.folder, { recursive: true });
  }
}

/** What the engine says that a container has. */
function foundIn(info: Docker.ContainerInspectInfo, { project, folder }: Installation) {
  const mounts = info.Mounts.map(
    ({ Name, Source, Destination, RW }) =>
      `${Name?.replace(`${project}_`, '') ?? Source.replace(folder, '')}:${Destination}${RW ? '' : ':ro'}`,
  );
  const { CapDrop, CapAdd, Privileged, SecurityOpt, RestartPolicy, LogConfig, PortBindings } =
    info.HostConfig;
  return {
    user: info.Config.User,
    mounts: mounts.toSorted(),
    caps: [CapDrop, CapAdd ?? []],
    privileged: Privileged,
    security: SecurityOpt,
    restart: RestartPolicy?.Name,
    log: (LogConfig?.Config as Record<string, string> | undefined)?.['max-size'],
    ports: Object.values(PortBindings as Record<string, { HostIp: string; HostPort: string }[]>)
      .flat()
      .map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}`),
    image: info.Config.Image,
  };
}

const same = {
  caps: [['ALL'], []],
  privileged: false,
  security: ['no-new-privileges:true'],
  restart: 'unless-stopped',
  log: '10m',
  ports: [],
  // By its id, never by a tag.
  image: expect.stringMatching(/^sha256:[\da-f]{64}$/),
};
const wallets = '/wallets:/root/.bittensor/wallets:ro';

describe.runIf(whole).each(['miner', 'validator'] as const)('the runner of a %s', (name) => {
  let one: Installation;
  const owner = `${process.getuid!()}:${process.getgid!()}`;

  beforeAll(async () => {
    await run('./horde', ['image', 'all'], { cwd: root, maxBuffer: 100_000_000 });
    one = await Installation.make(name);
    await one.compose('up', '--detach');
    await one.ready();
  }, 900_000);
  afterAll(() => one.remove(), 120_000);

  it('gives each container what the table says, and nothing else', async () => {
    const services = ['app', 'db', 'pylon'];
    const found = await Promise.all(
      services.map(async (service) => foundIn(await one.inspect(service), one)),
    );
    const socket = '/var/run/docker.sock:/var/run/docker.sock';
    expect(Object.fromEntries(services.map((service, index) => [service, found[index]]))).toEqual({
      app:
        name === 'miner'
          ? {
              ...same,
              user: owner,
              mounts: [wallets, socket, 'receipts:/receipts'].toSorted(),
              ports: [`:${one.port}`],
            }
          : { ...same, user: owner, mounts: [wallets], ports: [`127.0.0.1:${one.port}`] },
      db: { ...same, user: '999:999', mounts: ['postgres:/var/lib/postgresql'] },
      pylon: { ...same, user: '1000:1000', mounts: [wallets], caps: [['ALL'], ['DAC_OVERRIDE']] },
    });
    for (const service of services) {
      const { Config } = await one.inspect(service);
      const names = Config.Env.map((variable) => variable.split('=')[0]);
      expect(names, service).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(SECRET_KEY|HOST_WALLET_DIR|UNKNOWN_TO_ALL)$/)]),
      );
      expect(JSON.stringify(Config), service).not.toContain('of-the-old-database');
    }
  });

  it('lets a login page be seen at its port, and runs commands as ComputeHorde’s operators type them', async () => {
    expect((await fetch(`http://127.0.0.1:${one.port}/admin/login/`)).status).toBe(200);
    const python = (command: string) =>
      run('docker', ['exec', `${one.project}-app-1`, 'python', 'manage.py', command]);
    expect((await python('list_admins')).stdout).toContain('admin');
    await expect(python('migrate')).rejects.toMatchObject({ code: 2 });
    if (name === 'miner') expect((await python('self_test')).stdout).toContain('Completed in');
  }, 120_000);

  it('leaves alone what runs when it is started again, and makes anew what .env has changed', async () => {
    const idOf = async (service: string) => (await one.inspect(service)).Id;
    const before = await Promise.all([idOf('app'), idOf('db')]);
    await one.compose('restart', '--timeout', '2');
    await vi.waitFor(
      async () => expect((await one.said()).split('has been started').length).toBe(3),
      patience,
    );
    expect(await Promise.all([idOf('app'), idOf('db')])).toEqual(before);

    await one.write({ LOG_LEVEL: 'debug' });
    await one.compose('restart', '--timeout', '2');
    await vi.waitFor(async () => expect(await idOf('app')).not.toBe(before[0]), patience);
    await one.ready();
    expect(await idOf('db')).toBe(before[1]);
    expect((await one.inspect('app')).Config.Env).toContain('LOG_LEVEL=debug');
  }, 600_000);

  it('comes back whole after a kill while it makes the service anew', async () => {
    const before = (await one.inspect('app')).Id;
    await one.write({ LOG_LEVEL: 'info' });
    await one.compose('restart', '--timeout', '2');
    await vi.waitFor(
      async () => {
        const now = await one.inspect('app').then(
          ({ Id }) => Id,
          () => 'none',
        );
        expect(now).not.toBe(before);
      },
      { timeout: 120_000, interval: 50 },
    );
    await one.container(`${name}-runner`).kill();
    await one.container(`${name}-runner`).start();
    await one.ready();
    expect((await one.inspect('app')).Config.Env).toContain('LOG_LEVEL=info');
    const filters = { label: [`com.docker.compose.project=${one.project}`] };
    await vi.waitFor(async () => {
      const names = (await docker.listContainers({ all: true, filters })).flatMap(({ Names }) => Names);
      expect(names.toSorted()).toEqual(
        ['app', 'db', 'pylon', `${name}-runner`].map((service) => `/${one.project}-${service}-1`).toSorted(),
      );
    }, patience);
  }, 600_000);

  it('says what is wrong with .env or the wallet, and starts by itself once that is mended', async () => {
    await one.write({ BITTENSOR_WALLET_HOTKEY_NAME: 'another' });
    await one.compose('restart', '--timeout', '2');
    await vi.waitFor(
      async () => expect(await one.said()).toContain('There is no hotkey own wallet/hotkeys/another'),
      patience,
    );
    // What runs goes on.
    expect((await one.inspect('app')).State.Running).toBe(true);
    const folder = path.join(one.folder, 'wallets/open wallet/hotkeys');
    await mkdir(folder, { recursive: true });
    await ensureHotkey(path.join(folder, 'default'));
    await chmod(folder, 0o000);
    await one.write({ BITTENSOR_WALLET_NAME: 'open wallet' });
    await vi.waitFor(async () => expect(await one.said()).toContain('who may not read'), patience);
    await one.write({});
    await vi.waitFor(
      async () => expect((await one.said()).trimEnd()).toMatch(/started, as \S+-app-1\.(?![^]*may not read)/),
      patience,
    );
    await one.ready();
  }, 900_000);
});
