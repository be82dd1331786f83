import Docker from 'dockerode';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeTestImage, type TestImage } from '@horde/testing/test-image';
import { ownerLabels, ownerOn, ownerState, processOwner } from './owner.ts';

const docker = new Docker();
const [boot, namespace, pid, started, machine] = processOwner().split(':') as [
  string,
  string,
  string,
  string,
  string,
];
const otherBoot = boot.replace(/./g, 'a');

/** An owner seen from this process, with its facts given anew. */
const owner = (
  facts: Partial<Record<'boot' | 'namespace' | 'pid' | 'started' | 'machine', string>>,
  rest = '',
) => {
  const all = { boot, namespace, pid, started, machine, ...facts };
  return `${all.boot}:${all.namespace}:${all.pid}:${all.started}:${all.machine}${rest}`;
};

describe('who has a container, network or folder', () => {
  it('is written on it by the labels, with the job and the local network', async () => {
    expect(await ownerLabels('job-1', { docker, network: 'net-1' })).toEqual({
      'horde.job': 'job-1',
      'horde.owner': await ownerOn(docker),
      'horde.network': 'net-1',
    });
  });

  it('is living as long as the process runs, and dead from then on', async () => {
    const child = spawn('/bin/busybox', ['sleep', '60']);
    await once(child, 'spawn');
    onTestFinished(() => void child.kill('SIGKILL'));
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ');
    const itsOwner = owner({ pid: String(child.pid), started: stat[21]! });
    expect(await ownerState(docker, itsOwner)).toBe('living');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await ownerState(docker, itsOwner)).toBe('dead');
  });

  it('is living while the process of another user runs', async () => {
    const first = readFileSync('/proc/1/stat', 'utf8');
    const since = first.slice(first.lastIndexOf(')') + 2).split(' ')[19]!;
    expect(await ownerState(docker, owner({ pid: '1', started: since }))).toBe('living');
  });

  it('is dead once another process has its pid', async () => {
    expect(await ownerState(docker, owner({ started: '1' }))).toBe('dead');
  });

  it('is dead after a new boot of the same machine', async () => {
    expect(await ownerState(docker, owner({ boot: otherBoot }))).toBe(machine ? 'dead' : 'unknown');
  });

  it.each([
    ['runs on another machine', owner({ boot: otherBoot, machine: '0123456789ab' })],
    ['runs on a machine without an id', owner({ boot: otherBoot, machine: '' })],
    ['runs in a process namespace that cannot be seen from here', owner({ namespace: '1' })],
    ['is written in another form', '4711:123456'],
    ['is in a container of another engine', owner({ namespace: '1' }, `@0123456789ab:${'c'.repeat(64)}:1`)],
  ])('cannot be told when it %s', async (_, named) => {
    expect(await ownerState(docker, named)).toBe('unknown');
  });
});

describe('an owner in a container of this engine', () => {
  let image: TestImage;
  let engine: string;

  beforeAll(async () => {
    image = await makeTestImage();
    const { ID } = (await docker.info()) as { ID: string };
    engine = createHash('sha256').update(ID).digest('hex').slice(0, 12);
  });
  afterAll(() => image?.remove());

  it('is living while the container runs, and dead once it stops, runs anew, or is gone', async () => {
    const container = await docker.createContainer({ Image: image.reference, Cmd: ['sleep', '600'] });
    onTestFinished(() => container.remove({ force: true }).catch(() => {}));
    await container.start();
    const since = Date.parse((await container.inspect()).State.StartedAt);
    const named = owner({ namespace: '1' }, `@${engine}:${container.id}:${since}`);
    expect(await ownerState(docker, named)).toBe('living');
    await container.kill();
    await container.wait();
    expect(await ownerState(docker, named)).toBe('dead');
    await container.start();
    expect(await ownerState(docker, named)).toBe('dead');
    await container.remove({ force: true });
    expect(await ownerState(docker, named)).toBe('dead');
  });
});
