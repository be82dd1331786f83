import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ensureHotkey } from '@horde/identity';
import { djangoHash, OldDatabase } from '@horde/testing/compute-horde/old-database';
import { freePort } from '@horde/testing/free-port';
import { root } from '@horde/testing/horde';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeOldPostgresImage } from '../runner/old-postgres-image.ts';
import { pinnedCompose } from '../../tools/images/pinned-compose.ts';

/** Makes two images: a minute, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_IMAGES'] !== undefined;

const docker = new Docker();
const run = promisify(execFile);
const tag = randomBytes(4).toString('hex');
const project = `horde-test-${tag}`;
const [runnerImage, oldImage] = [`horde-test/miner-runner:${tag}`, `horde-test/old-postgres:${tag}`];
const label = `com.docker.compose.project=${project}`;

/** As ComputeHorde's runner has started its database, beside its service. */
const oldServices = (port: number) => `
services:
  db:
    image: ${oldImage}
    environment: { POSTGRES_PASSWORD: old }
    ports: ['127.0.0.1:${port}:5432']
    volumes: ['db:/var/lib/postgresql/data']
  app:
    image: ${oldImage}
    entrypoint: [sleep, infinity]
    stop_signal: SIGKILL
volumes:
  db:
`;

describe.runIf(whole)("a miner's runner beside what ComputeHorde's has left", () => {
  let folder: string;
  let runner: Docker.Container;
  let old: OldDatabase;
  let oldPort: number;
  let fingerprint: object;

  const oldCompose = (...words: string[]) =>
    run(path.join(pinnedCompose().folder, 'docker-compose'), [
      '-p',
      project,
      '-f',
      path.join(folder, 'old.yml'),
      ...words,
    ]);
  const openOld = () =>
    vi.waitFor(
      () =>
        OldDatabase.at({
          url: `postgres://postgres:old@127.0.0.1:${oldPort}/postgres`,
          stop: () => Promise.resolve(),
        }),
      { timeout: 60_000, interval: 500 },
    );
  const said = async (): Promise<string> =>
    (await runner.logs({ stdout: true, stderr: true, follow: false })).toString('utf8');
  /** Without those that do one thing, and are gone. */
  const containers = async () => {
    const lasting = 'com.docker.compose.oneoff=False';
    const found = await docker.listContainers({ all: true, filters: { label: [label, lasting] } });
    return found.map(({ Labels }) => Labels['com.docker.compose.service']).toSorted();
  };
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'runner-take-over-'));
    await ensureHotkey(path.join(folder, 'wallets/w/hotkeys/h'));
    const image = (...words: string[]) => run(process.execPath, ['tools/image.ts', ...words], { cwd: root });
    await image('miner');
    await image('miner-runner', runnerImage);
    await makeOldPostgresImage(oldImage, '/var/lib/postgresql/data', '/var/lib/postgresql/data/14');
    oldPort = await freePort();
    await writeFile(path.join(folder, 'old.yml'), oldServices(oldPort));
    await oldCompose('up', '--detach');
    old = await openOld();
    await old.makeTables('miner');
    await old.addUser('admin', djangoHash('correct horse battery'), { superuser: true });
    fingerprint = await old.fingerprint();
    await old.stop();
    const lines = {
      COMPOSE_PROJECT_NAME: project,
      POSTGRES_PASSWORD: 'not the one that the database knows',
      SECRET_KEY: 'x',
      BITTENSOR_NETUID: '12',
      BITTENSOR_NETWORK: 'devnet',
      BITTENSOR_WALLET_NAME: 'w',
      BITTENSOR_WALLET_HOTKEY_NAME: 'h',
      BITTENSOR_MINER_PORT: String(await freePort()),
      USE_CONTRACT_CONFIG: 'false',
    };
    const env = path.join(folder, '.env');
    await writeFile(
      env,
      Object.entries(lines)
        .map(([name, value]) => `${name}="${value}"\n`)
        .join(''),
    );
    runner = await docker.createContainer({
      Image: runnerImage,
      HostConfig: {
        Binds: [
          '/var/run/docker.sock:/var/run/docker.sock',
          `${path.join(folder, 'wallets')}:/root/.bittensor/wallets`,
          `${env}:/root/.env`,
        ],
        LogConfig: { Type: 'json-file', Config: { 'max-size': '10m' } },
      },
    });
    await runner.start();
  }, 600_000);

  afterAll(async () => {
    await runner?.remove({ force: true });
    const filters = { label: [label] };
    for (const { Id } of await docker.listContainers({ all: true, filters }))
      await docker.getContainer(Id).remove({ force: true, v: true });
    for (const { Name } of (await docker.listVolumes({ filters })).Volumes)
      await docker.getVolume(Name).remove();
    for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
    for (const image of [runnerImage, oldImage]) await docker.getImage(image).remove({ force: true });
    await rm(folder, { recursive: true, force: true });
  }, 120_000);

  it('takes over what is in its volume, through the image that it ran on, and then starts the miner', async () => {
    await vi.waitFor(async () => expect(await said()).toContain('The miner has been started'), {
      timeout: 240_000,
      interval: 1_000,
    });
    expect(await said()).toContain(
      `Taking over what ComputeHorde's miner has stored in the volume ${project}_db.`,
    );
    expect(await said()).toContain('That is taken over.');
    expect(await said()).toMatch(/panel users +1 +0 +0\n/);
    expect(await containers()).toEqual(['app', 'db', 'pylon']);
    const { Volumes } = await docker.listVolumes({ filters: { label: [label] } });
    expect(Volumes.map(({ Name }) => Name).toSorted()).toEqual(
      ['compiled', 'db', 'notes', 'postgres', 'receipts', 'runner'].map((name) => `${project}_${name}`),
    );
  }, 300_000);

  it('does so once', async () => {
    const times = async (sentence: string) => (await said()).split(sentence).length - 1;
    await runner.restart({ t: 1 });
    await vi.waitFor(async () => expect(await times('The miner has been started')).toBe(2), {
      timeout: 120_000,
      interval: 1_000,
    });
    expect(await times('Taking over')).toBe(1);
  }, 150_000);

  it("leaves the volume as it was: ComputeHorde's runner finds all of it", async () => {
    await runner.stop({ t: 1 });
    await oldCompose('up', '--detach', '--force-recreate');
    old = await openOld();
    // The counters of its tables outlast a server that has ended in order, and no other.
    expect(await old.fingerprint()).toEqual(fingerprint);
    await old.stop();
  }, 150_000);
});
