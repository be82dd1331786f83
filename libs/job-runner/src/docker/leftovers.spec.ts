import Docker from 'dockerode';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ensureNodeImage } from '@horde/testing/node-image';
import { makeTestImage, type TestImage } from '@horde/testing/test-image';
import { bundleScript } from '../../../../tools/bundle-script.ts';
import { makeJobFolders } from '../folders.ts';
import { removeLeftovers } from './leftovers.ts';
import { ownerLabels, processOwner } from './owner.ts';

const docker = new Docker();
/** A process that had this one's pid when the machine came up. */
const deadOwner = processOwner().replace(/:\d+:(\w*)$/, ':1:$1');
let image: TestImage;
let script: string;

beforeAll(async () => {
  image = await makeTestImage();
  script = await bundleScript('libs/job-runner/src/testing/job-until-killed.ts');
});
afterAll(async () => {
  rmSync(script, { force: true });
  await image?.remove();
});

function makeBase(): string {
  const base = mkdtempSync(path.join(tmpdir(), 'horde-leftovers-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  return base;
}

/** All that is labelled with these jobs. */
async function left(...jobs: string[]) {
  const containers = await docker.listContainers({ all: true, filters: { label: ['horde.owner'] } });
  const networks = await docker.listNetworks({ filters: { label: ['horde.owner'] } });
  const ofThese = (labels: Record<string, string> | undefined) => jobs.includes(labels?.['horde.job'] ?? '');
  return {
    containers: containers.filter(({ Labels }) => ofThese(Labels)),
    networks: networks.filter(({ Labels }) => ofThese(Labels)),
  };
}

async function removeAllOf(job: string): Promise<void> {
  const { containers, networks } = await left(job);
  // Other specs use this engine, and sweep it: they may be at it, or have done it.
  const unlessSwept = (error: { statusCode?: number }) => {
    if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
  };
  for (const { Id } of containers)
    await docker.getContainer(Id).remove({ force: true, v: true }).catch(unlessSwept);
  for (const { Id } of networks) await docker.getNetwork(Id).remove().catch(unlessSwept);
}

interface Executor {
  job: string;
  owner: string;
  kill: () => Promise<unknown>;
}

async function startExecutor(base: string): Promise<Executor> {
  const job = randomUUID();
  const child: ChildProcess = spawn(process.execPath, [script, base, job, image.reference], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const kill = () => (child.kill('SIGKILL'), exit);
  onTestFinished(async () => {
    await kill();
    await removeAllOf(job);
  });
  const [said] = await Promise.race([once(child.stdout!, 'data'), exit]);
  if (!Buffer.isBuffer(said)) throw new Error(`The executor ended with ${said}.`);
  return { job, owner: said.toString().trim(), kill };
}

/** An executor in a container of the engine, as a Python miner starts one. */
async function startContainedExecutor(base: string): Promise<Executor> {
  const job = randomUUID();
  const container = await docker.createContainer({
    Image: await ensureNodeImage(docker),
    Cmd: ['node', script, base, job, image.reference],
    HostConfig: {
      NetworkMode: 'none',
      Binds: [
        '/var/run/docker.sock:/var/run/docker.sock',
        `${base}:${base}`,
        `${path.resolve('node_modules')}:${path.resolve('node_modules')}:ro`,
      ],
    },
  });
  const kill = () => container.remove({ force: true }).catch(() => {});
  onTestFinished(async () => {
    await kill();
    await removeAllOf(job);
  });
  const output = await container.attach({ stream: true, stdout: true, stderr: true });
  await container.start();
  const [said] = await once(output, 'data');
  return { job, owner: (said as Buffer).subarray(8).toString().trim(), kill };
}

/** @returns what it said of these jobs and this base: others use this engine, and sweep it, at the same time */
async function sweep(base: string, ...jobs: string[]): Promise<string[]> {
  const lines: string[] = [];
  await removeLeftovers(docker, { folderBase: base, log: (sentence) => lines.push(sentence) });
  return lines.filter((line) => [base, ...jobs].some((ours) => line.includes(ours)));
}

describe('an executor is killed while its job runs', () => {
  it('has its container, network and folders removed by the next one, and nobody else has', async () => {
    const base = makeBase();
    const [killed, living] = await Promise.all([startExecutor(base), startExecutor(base)]);
    await killed.kill();
    const foreign = await docker.createContainer({
      Image: image.reference,
      Cmd: ['true'],
      name: `ch-${randomUUID()}`,
    });
    onTestFinished(() => foreign.remove({ force: true }));

    const lines = await sweep(base, killed.job, living.job);

    const gone = 'was left by an executor that no longer runs, and is removed.';
    expect(lines.at(-1)).toMatch(new RegExp(`^The folder ${base}/horde-job-${killed.job}-.{6} ${gone}$`));
    expect([`The container horde-${killed.job}-job ${gone}`, `The network ch-${killed.job} ${gone}`]).toEqual(
      expect.arrayContaining(lines.slice(0, -1)),
    );
    expect(await left(killed.job)).toEqual({ containers: [], networks: [] });
    const ours = await left(living.job);
    expect(ours.containers.map(({ State }) => State)).toEqual(['running']);
    expect(ours.networks).toHaveLength(1);
    expect(readdirSync(base)).toEqual([expect.stringContaining(living.job)]);
    expect((await foreign.inspect()).State.Status).toBe('created');
    expect(await sweep(base, living.job)).toEqual([]);
  });

  it('is cleaned after by eight that start on the same engine at once, without trouble to any', async () => {
    const base = makeBase();
    const executors = await Promise.all(Array.from({ length: 4 }, () => startExecutor(base)));
    const [living, ...killed] = executors;
    await Promise.all(killed.map(({ kill }) => kill()));

    const lines = (
      await Promise.all(Array.from({ length: 8 }, () => sweep(base, ...executors.map(({ job }) => job))))
    ).flat();

    expect(lines.filter((line) => !line.endsWith('no longer runs, and is removed.'))).toEqual([]);
    expect(await left(...killed.map(({ job }) => job))).toEqual({ containers: [], networks: [] });
    expect((await left(living!.job)).containers).toHaveLength(1);
    expect(readdirSync(base)).toEqual([expect.stringContaining(living!.job)]);
  }, 90_000);
});

describe('executors in containers of the engine', () => {
  it('have what they left removed by one outside once they are gone, and not before', async () => {
    const base = makeBase();
    const [killed, living] = await Promise.all([startContainedExecutor(base), startContainedExecutor(base)]);
    const lines = await sweep(base, killed.job, living.job);
    expect(lines).toEqual([]);
    await killed.kill();
    await sweep(base);
    expect(await left(killed.job)).toEqual({ containers: [], networks: [] });
    expect((await left(living.job)).containers.map(({ State }) => State)).toEqual(['running']);
    expect(readdirSync(base)).toEqual([expect.stringContaining(living.job)]);
  });
});

describe('the search for leftovers', () => {
  it('leaves what is not running yet to its living owner', async () => {
    const job = randomUUID();
    const Labels = await ownerLabels(job, { docker });
    await docker.createContainer({ Image: image.reference, Cmd: ['true'], Labels });
    await docker.createNetwork({ Name: `ch-${job}`, Internal: true, Labels });
    onTestFinished(() => removeAllOf(job));
    const base = makeBase();
    await makeJobFolders(base, job);
    expect(await sweep(base, job)).toEqual([]);
    const { containers, networks } = await left(job);
    expect([containers.length, networks.length, readdirSync(base).length]).toEqual([1, 1, 1]);
  });

  it('leaves folders that are another user’s, or no job’s, whatever owner they name', async () => {
    const base = makeBase();
    const plant = (name: string, change: (folder: string) => void) => {
      const folder = path.join(base, name);
      mkdirSync(folder, { mode: 0o700 });
      writeFileSync(path.join(folder, 'owner'), deadOwner);
      change(folder);
    };
    plant('horde-job-foreign', (folder) => chownSync(folder, 4242, 4242));
    plant('horde-job-open', (folder) => chmodSync(folder, 0o777));
    plant('something-else', () => {});
    plant('horde-job-without', (folder) => rmSync(path.join(folder, 'owner')));
    plant('horde-job-left', () => {});
    expect(await sweep(base)).toHaveLength(1);
    expect(readdirSync(base)).toEqual([
      'horde-job-foreign',
      'horde-job-open',
      'horde-job-without',
      'something-else',
    ]);
    expect(readFileSync(path.join(base, 'something-else/owner'), 'utf8')).toBe(deadOwner);
  });

  it('keeps the folders of a job whose container could not be removed', async () => {
    const base = makeBase();
    await makeJobFolders(base, 'job', deadOwner);
    const stubborn = new Docker();
    const container = { Id: 'c0', Names: ['/ch-job'], Labels: { 'horde.owner': deadOwner } };
    stubborn.listContainers = () => Promise.resolve([container as unknown as Docker.ContainerInfo]);
    stubborn.getContainer = (id) =>
      Object.assign(docker.getContainer(id), {
        remove: () => Promise.reject(new Error('the disk is broken')),
      });
    const lines: string[] = [];
    await removeLeftovers(stubborn, { folderBase: base, log: (sentence) => lines.push(sentence) });
    expect(lines).toContain(
      'The container ch-job, left by an executor, could not be removed: the disk is broken',
    );
    expect(readdirSync(base)).toHaveLength(1);
  });

  it('is no trouble where there is no engine or no folder', async () => {
    const lines: string[] = [];
    const nowhere = new Docker({ socketPath: '/nowhere/docker.sock' });
    await removeLeftovers(nowhere, { folderBase: '/nowhere/jobs', log: (sentence) => lines.push(sentence) });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^Leftovers of earlier executors cannot be looked for: /);
    expect(existsSync('/nowhere')).toBe(false);
  });
});
