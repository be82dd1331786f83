import { execFile } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { ensureHotkey } from '@horde/identity';
import { root } from '@horde/testing/horde';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Installation, patience } from './installation.ts';

/** Makes all images and starts a miner and a validator: some minutes, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_RUNNER'] !== undefined;

const docker = new Docker();
const run = promisify(execFile);

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
/** What each is given as a file, so that the engine does not tell it. */
const secretFiles = {
  app: ['DATABASE_URL', 'DEFAULT_ADMIN_PASSWORD', 'PYLON_IDENTITY_TOKEN'],
  db: ['postgres'],
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
    const notes = 'notes:/run/runner:ro';
    const compiled = 'compiled:/tmp/compiled';
    const socket = '/var/run/docker.sock:/var/run/docker.sock';
    expect(Object.fromEntries(services.map((service, index) => [service, found[index]]))).toEqual({
      app:
        name === 'miner'
          ? {
              ...same,
              user: owner,
              mounts: [wallets, socket, notes, compiled, 'receipts:/receipts'].toSorted(),
              ports: [`:${one.port}`],
            }
          : {
              ...same,
              user: owner,
              mounts: [wallets, notes, compiled].toSorted(),
              ports: [`127.0.0.1:${one.port}`],
            },
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
    for (const [service, files] of Object.entries(secretFiles)) {
      const known = JSON.stringify(await one.inspect(service));
      const inContainer = (...words: string[]) =>
        run('docker', ['exec', `${one.project}-${service}-1`, ...words]).then(({ stdout }) => stdout);
      expect((await inContainer('ls', '/run/secrets')).trim().split('\n')).toEqual(files);
      for (const file of files) {
        const secret = await inContainer('cat', `/run/secrets/${file}`);
        expect(secret.length).toBeGreaterThan(11);
        expect(known.includes(secret), `${file} of ${service}`).toBe(false);
      }
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

describe.runIf(whole)('the runner of a local miner', () => {
  let one: Installation;

  beforeAll(async () => {
    await run('./horde', ['image', 'all'], { cwd: root, maxBuffer: 100_000_000 });
    one = await Installation.make('miner');
    await one.write({
      IS_LOCAL_MINER: '1',
      LOCAL_MINER_VALIDATOR_PUBLIC_KEY: one.hotkey,
      BITTENSOR_NETWORK: 'finney',
      BITTENSOR_WALLET_NAME: 'dummy',
      BITTENSOR_WALLET_HOTKEY_NAME: 'dummy',
    });
  }, 900_000);
  afterAll(() => one.remove(), 120_000);

  it('starts it without a wallet and without a chain, as the install script leaves it', async () => {
    await one.compose('up', '--detach');
    await one.ready();
    await expect(one.inspect('pylon')).rejects.toMatchObject({ statusCode: 404 });
    const { code, stdout } = await one.type('docker exec PROJECT-app-1 miner doctor');
    expect(stdout).toContain('Not needed: this is a local miner.');
    expect(code, stdout).toBe(0);
  }, 300_000);
});
