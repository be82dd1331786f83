import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '@horde/testing/free-port';
import { root } from '@horde/testing/horde';

/** Makes all images and starts them all: some minutes, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_COMPOSE'] !== undefined;

const docker = new Docker();
const run = promisify(execFile);
const project = `horde-test-${randomBytes(4).toString('hex')}`;
const label = `com.docker.compose.project=${project}`;
let environment: NodeJS.ProcessEnv;

const typed = async (line: string): Promise<string> =>
  (await run('sh', ['-c', line], { cwd: root, env: environment, maxBuffer: 10_000_000 })).stdout;
const compose = (words: string) => typed(`./horde compose ${words}`);
const containers = async (): Promise<Docker.ContainerInspectInfo[]> => {
  const found = await docker.listContainers({ all: true, filters: { label: [label] } });
  return Promise.all(found.map(({ Id }) => docker.getContainer(Id).inspect()));
};
const serviceOf = ({ Config }: Docker.ContainerInspectInfo): string =>
  Config.Labels['com.docker.compose.service']!;

/** The line that the network prints last. */
async function jobLine(): Promise<string> {
  const lines = (await compose('logs --no-log-prefix ready')).trim().split('\n');
  return lines.at(-1)!.replace(/^.*?(?=\.\/horde)/, '');
}

const secretFiles = {
  postgres: '/docker-entrypoint-initdb.d/password',
  redis: '/secrets/redis.conf',
  devnet: '/secrets/subnet.json',
  facilitator: '/secrets/env',
  validator: '/secrets/env',
  miner: '/secrets/env',
};

/** What each service keeps to itself, by its name. */
async function secrets(): Promise<Record<string, string>> {
  const read = Object.entries(secretFiles).map(
    async ([service, file]) => [service, await compose(`exec -T ${service} cat ${file}`)] as const,
  );
  return Object.fromEntries(await Promise.all(read));
}

const digests = (texts: Record<string, string>) =>
  Object.entries(texts).map(([name, text]) => [name, createHash('sha256').update(text).digest('hex')]);

describe.runIf(whole)('the network of docker-compose.yml', () => {
  let job: string;

  beforeAll(async () => {
    const ports = await Promise.all(Array.from({ length: 5 }, () => freePort()));
    environment = {
      ...process.env,
      HORDE_SELF: undefined,
      COMPOSE_PROJECT_NAME: project,
      FACILITATOR_PORT: String(ports[0]),
      VALIDATOR_PORT: String(ports[1]),
      MINER_PORT: String(ports[2]),
      STREAMING_PORTS: `${ports[3]},${ports[4]}`,
    };
    await typed('./horde image all');
    await compose('up --detach');
  }, 900_000);

  afterAll(async () => {
    await compose('down --volumes --timeout 20');
    const filters = { label: [label] };
    const [left, { Volumes }, networks] = await Promise.all([
      docker.listContainers({ all: true, filters }),
      docker.listVolumes({ filters }),
      docker.listNetworks({ filters }),
    ]);
    expect([left, Volumes ?? [], networks]).toEqual([[], [], []]);
  }, 300_000);

  it('runs a job with the line that it prints, as typed', async () => {
    const said = await typed(`( ${await jobLine()} ) 2>&1`);
    expect(said).toMatch(/ total$/m);
    expect(said).toMatch(/ completed$/m);
    job = /^job ([\da-f]{8})/m.exec(said)![1]!;
  }, 300_000);

  it('is reached from this machine alone', async () => {
    const bindings = (await containers()).flatMap(({ HostConfig }) =>
      Object.values(HostConfig.PortBindings as Record<string, { HostIp: string; HostPort: string }[]>).flat(),
    );
    const open = [environment['FACILITATOR_PORT'], environment['VALIDATOR_PORT'], environment['MINER_PORT']];
    expect(bindings.map(({ HostPort }) => HostPort).toSorted()).toEqual(open.toSorted());
    expect(new Set(bindings.map(({ HostIp }) => HostIp))).toEqual(new Set(['127.0.0.1']));
    const { Internal } = (await docker.getNetwork(`${project}_inside`).inspect()) as { Internal: boolean };
    expect(Internal).toBe(true);
  });

  it('gives the engine’s socket to the miner alone, and each its own secrets', async () => {
    const mounted = (await containers()).map((container) => {
      const places = container.Mounts.map(({ Name, Source }) => Name?.replace(`${project}_`, '') ?? Source);
      return [serviceOf(container), places.toSorted()] as const;
    });
    expect(Object.fromEntries(mounted)).toEqual({
      secrets: 'devnet facilitator miner postgres redis user validator'
        .split(' ')
        .map((name) => `${name}-secrets`),
      postgres: ['postgres', 'postgres-secrets'],
      redis: ['redis', 'redis-secrets'],
      devnet: ['devnet-secrets'],
      facilitator: ['facilitator-secrets'],
      'facilitator-user': ['facilitator-secrets'],
      validator: ['validator-secrets'],
      'validator-user': ['validator-secrets'],
      miner: [
        '/var/run/docker.sock',
        path.join(root, 'envs/miner/executors.yml'),
        'miner-secrets',
        'receipts',
      ].toSorted(),
      ready: [],
    });
    for (const container of await containers()) {
      expect(container.HostConfig.Privileged).toBe(false);
      expect(container.HostConfig.CapDrop).toEqual(['ALL']);
      expect(container.HostConfig.LogConfig?.Config).toMatchObject({ 'max-size': '10m' });
    }
  });

  it('has no secret where others may read it: in variables, command lines or logs', async () => {
    const texts = Object.values(await secrets()).join('\n');
    const values = [...texts.matchAll(/(?<![\w-])[\w-]{32}(?![\w-])/g)].map(([value]) => value);
    expect(values.length).toBeGreaterThan(10);
    const open = JSON.stringify(await containers()) + (await compose('logs'));
    expect(values.filter((value) => open.includes(value))).toEqual([]);
  });

  it('keeps its secrets and its jobs when all of it is started anew', async () => {
    const before = digests(await secrets());
    await compose('restart');
    // Returns when each has what it waits for.
    await compose('up --detach');
    expect(digests(await secrets())).toEqual(before);
    expect(await compose('run --rm horde jobs list')).toContain(job);
    expect(await typed(`( ${await jobLine()} ) 2>&1`)).toMatch(/ completed$/m);
  }, 600_000);
});
