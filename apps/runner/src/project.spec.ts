import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pinnedCompose } from '../../../tools/images/pinned-compose.ts';
import { runnerCatalogue } from '../../../tools/settings/runner-catalogue.ts';
import { planOf } from './plan.ts';
import { Project } from './project.ts';
import { roleOf } from './roles.ts';
import { unknownYet } from './update/release-state.ts';

const envs = path.resolve(import.meta.dirname, '../../../envs');
const wallets = '/home/ubuntu/.bittensor/wallets';
const variables = {
  SECRET_KEY: 'the-web-secret',
  POSTGRES_PASSWORD: 'of-the-old-database',
  BITTENSOR_NETUID: '12',
  BITTENSOR_NETWORK: 'finney',
  BITTENSOR_WALLET_NAME: 'my $wallet',
  BITTENSOR_WALLET_HOTKEY_NAME: 'default',
  HOST_WALLET_DIR: wallets,
  BITTENSOR_MINER_PORT: '8123',
  HTTP_PORT: '8080',
  COMPOSE_PROJECT_NAME: 'mine',
  DEFAULT_EXECUTOR_CLASS: '',
  DEFAULT_ADMIN_PASSWORD: 'pa$$word-$HOME-long',
  MIGRATING: '0',
  JOB_CPUS: '2',
  FACILITATOR_URI: 'ws://facilitator.example/ws/v0/',
  PYLON_WEIGHTS_RETRY_ATTEMPTS: '3',
  UNKNOWN_TO_ALL: 'x',
};
const filled = {
  APP_IMAGE: 'sha256:app',
  DB_IMAGE: 'sha256:db',
  PYLON_IMAGE: 'sha256:pylon',
  DEVNET_IMAGE: 'sha256:devnet',
  EXECUTOR_IMAGE: 'sha256:executor',
  RUNNER_IMAGE: 'sha256:runner',
  APP_VERSION: 'one',
  RUNNER_VERSION: 'two',
  DOCKER_SOCKET: '/run/docker.sock',
  SOCKET_GROUP: '105',
};
const prepared = {
  secrets: { postgres: 'secret-1', database: 'secret-2', pylon: 'secret-3', secretKey: 'secret-4' },
  owner: '1001:1002',
  hotkey: '5F',
  takenOver: false,
  release: { ...unknownYet(), install: 'one' },
  clusters: { there: [18], inUse: 18, images: {} },
};

interface Service {
  secrets?: { source: string }[];
  labels?: Record<string, string>;
  image: string;
  user?: string;
  group_add?: string[];
  environment: Record<string, string>;
  volumes?: { source: string; target: string; read_only?: boolean }[];
  ports?: { host_ip?: string; published: string; target: number }[];
  networks?: object;
  cap_drop: string[];
  cap_add?: string[];
  restart?: string;
  pull_policy: string;
  security_opt: string[];
  privileged?: boolean;
}

async function servicesOf(
  name: keyof typeof table,
  changed: Record<string, string> = {},
): Promise<Record<string, Service>> {
  const home = await mkdtemp(path.join(tmpdir(), 'runner-project-'));
  onTestFinished(() => rm(home, { recursive: true }));
  for (const folder of ['runner', `${name}/runner`])
    await cp(path.join(envs, folder), home, { recursive: true });
  const plan = planOf(roleOf(name), { ...variables, ...changed }, runnerCatalogue(), null);
  const program = path.join(pinnedCompose().folder, 'docker-compose');
  const project = new Project(plan, filled, { home, folder: path.join(home, 'run'), program });
  const { services } = JSON.parse(await project.described(prepared)) as { services: Record<string, Service> };
  return services;
}

const mountsOf = ({ volumes = [] }: Service): string[] =>
  volumes.map(({ source, target, read_only }) => `${source}:${target}${read_only ? ':ro' : ''}`).toSorted();
const walletMount = `${wallets}:/root/.bittensor/wallets:ro`;

/** What each container has: all of it, so that nothing comes along unseen. */
const table = {
  miner: {
    prepare: {
      user: '0:0',
      caps: ['CHOWN', 'DAC_OVERRIDE'],
      mounts: [
        'receipts:/receipts',
        'compiled:/compiled',
        'notes:/notes',
        'postgres:/postgres',
        'runner:/runner',
        walletMount,
      ],
    },
    db: { user: '999:999', mounts: ['postgres:/var/lib/postgresql'], networks: ['inside'] },
    pylon: { caps: ['DAC_OVERRIDE'], mounts: [walletMount], networks: ['inside', 'outside'] },
    app: {
      user: '1001:1002',
      groups: ['105'],
      mounts: [
        '/run/docker.sock:/var/run/docker.sock',
        'compiled:/tmp/compiled',
        'notes:/run/runner:ro',
        'receipts:/receipts',
        walletMount,
      ],
      ports: ['8123:8123'],
      networks: ['inside', 'outside'],
    },
  },
  validator: {
    prepare: {
      user: '0:0',
      caps: ['CHOWN', 'DAC_OVERRIDE'],
      mounts: ['compiled:/compiled', 'notes:/notes', 'postgres:/postgres', 'runner:/runner', walletMount],
    },
    db: { user: '999:999', mounts: ['postgres:/var/lib/postgresql'], networks: ['inside'] },
    pylon: { caps: ['DAC_OVERRIDE'], mounts: [walletMount], networks: ['inside', 'outside'] },
    app: {
      user: '1001:1002',
      mounts: ['compiled:/tmp/compiled', 'notes:/run/runner:ro', walletMount],
      ports: ['127.0.0.1:8080:8010'],
      networks: ['inside', 'outside'],
    },
  },
  facilitator: {
    prepare: {
      user: '0:0',
      caps: ['CHOWN', 'DAC_OVERRIDE'],
      mounts: ['compiled:/compiled', 'notes:/notes', 'postgres:/postgres', 'runner:/runner'],
    },
    db: { user: '999:999', mounts: ['postgres:/var/lib/postgresql'], networks: ['inside'] },
    pylon: { caps: ['DAC_OVERRIDE'], mounts: [], networks: ['inside', 'outside'] },
    app: {
      user: '1001:1002',
      mounts: ['compiled:/tmp/compiled', 'notes:/run/runner:ro'],
      ports: ['8080:9000', '443:9443'],
      networks: ['inside', 'outside'],
    },
  },
};

describe.each(Object.keys(table) as (keyof typeof table)[])('what the runner of a %s starts', (name) => {
  it('has no more rights, mounts and ports than the table says, and starts again by itself', async () => {
    const services = await servicesOf(name);
    const found = Object.entries(services).map(([service, one]) => {
      expect(one).toMatchObject({
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        pull_policy: 'never',
      });
      expect(one.privileged).toBeUndefined();
      if (service !== 'prepare') expect(one.restart).toBe('unless-stopped');
      const ports = one.ports?.map(({ host_ip, published, target }) =>
        [host_ip, published, target].filter((part) => part !== undefined).join(':'),
      );
      return [
        service,
        {
          user: one.user,
          groups: one.group_add,
          caps: one.cap_add,
          mounts: mountsOf(one).toSorted(),
          ports,
          networks: one.networks && Object.keys(one.networks).toSorted(),
        },
      ];
    });
    const wanted = Object.entries(table[name]).map(([service, row]) => [
      service,
      { ...row, mounts: row.mounts.toSorted() },
    ]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
  });

  it('gives each its own variables of .env, as they are, and no secret of another', async () => {
    const { app, db, pylon } = await servicesOf(name);
    const value = (written: string | undefined) => written?.replaceAll('$$', '$');
    expect(value(app!.environment['BITTENSOR_WALLET_NAME'])).toBe(
      name === 'facilitator' ? undefined : 'my $wallet',
    );
    expect(app!.environment['JOB_CPUS']).toBe(name === 'miner' ? '2' : undefined);
    expect(app!.environment['FACILITATOR_URI']).toBe(
      name === 'validator' ? 'ws://facilitator.example/ws/v0/' : undefined,
    );
    expect(pylon!.environment).toMatchObject({
      PYLON_WEIGHTS_RETRY_ATTEMPTS: '3',
      PYLON_BITTENSOR_NETWORK: 'finney',
    });
    expect(db!.environment).toEqual({ POSTGRES_PASSWORD_FILE: '/run/secrets/postgres' });
    for (const { environment } of [app!, pylon!])
      expect(Object.keys(environment)).not.toContainEqual(
        expect.stringMatching(/^(POSTGRES_PASSWORD|HOST_WALLET_DIR|UNKNOWN_TO_ALL|DEFAULT_EXECUTOR_CLASS)$/),
      );
    // It signs logins at the facilitator, and nothing anywhere else.
    expect(app!.environment['SECRET_KEY_FILE']).toBe(
      name === 'facilitator' ? '/run/secrets/SECRET_KEY' : undefined,
    );
    expect(JSON.stringify(pylon)).not.toMatch(/SECRET_KEY|secret-2/);
  });

  it('has its secrets as files: none is in what the engine knows of a container', async () => {
    const { app, db } = await servicesOf(name);
    const files = ['DATABASE_URL', 'DEFAULT_ADMIN_PASSWORD'].concat(
      name === 'facilitator' ? ['PYLON_OPEN_ACCESS_TOKEN', 'SECRET_KEY'] : ['PYLON_IDENTITY_TOKEN'],
    );
    expect(app!.secrets!.map(({ source }) => source).toSorted()).toEqual(files);
    expect(db!.secrets).toEqual([expect.objectContaining({ source: 'postgres' })]);
    for (const file of files) {
      expect(app!.environment).not.toHaveProperty(file);
      expect(app!.environment[`${file}_FILE`]).toBe(`/run/secrets/${file}`);
    }
    expect(JSON.stringify([app, db])).not.toMatch(/secret-\d|the-web-secret|pa\$+word/);
  });

  it('is made anew where a secret has changed, as where anything has', async () => {
    const label = async (changed: Record<string, string>) =>
      (await servicesOf(name, changed))['app']!.labels!['horde.secrets'];
    expect(await label({})).toBe(await label({ LOG_LEVEL: 'debug' }));
    expect(await label({ DEFAULT_ADMIN_PASSWORD: 'another-long-password' })).not.toBe(await label({}));
  });

  it('has the chain of one machine in Pylon’s place on the devnet, for this hotkey alone', async () => {
    const { pylon } = await servicesOf(name, { BITTENSOR_NETWORK: 'devnet' });
    expect(pylon).toMatchObject({ image: 'sha256:devnet', cap_drop: ['ALL'] });
  });
});

it('a facilitator is served encrypted where .env names a certificate', async () => {
  const plain = await servicesOf('facilitator', { TLS_PORT: '443' });
  expect(plain['app']!.environment).not.toHaveProperty('TLS_PORT');
  const { app } = await servicesOf('facilitator', { ACME_DOMAINS: 'facilitator.example', SECRET_KEY: '' });
  expect(app!.environment).toMatchObject({
    TLS_PORT: '9443',
    ACME_DOMAINS: 'facilitator.example',
    SECRET_KEY_FILE: '/run/secrets/SECRET_KEY',
  });
  const own = { TLS_CERTIFICATE: '/tls/one.pem', TLS_KEY: '/tls/key.pem', HOST_TLS_DIR: '/etc/ssl/own' };
  const files = await servicesOf('facilitator', own);
  expect(mountsOf(files['app']!)).toEqual([
    '/etc/ssl/own:/tls',
    'compiled:/tmp/compiled',
    'notes:/run/runner:ro',
  ]);
});

it('a vendor folder is mounted where .env names one', async () => {
  const { app } = await servicesOf('miner', { HOST_VENDOR_DIR: '/srv/ven$dor' });
  expect(mountsOf(app!).map((mount) => mount.replaceAll('$$', '$'))).toContain('/srv/ven$dor:/root/vendor');
});
