import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { makeTestImage, type TestImage } from '@horde/testing/test-image';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pinnedCompose } from '../../../tools/images/pinned-compose.ts';
import { Compose } from './compose.ts';

const docker = new Docker();
const project = `horde-test-compose-${process.pid}`;
let image: TestImage;
let folder: string;
let compose: Compose;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'compose-spec-'));
  image = await makeTestImage();
  const file = path.join(folder, 'compose.yml');
  const services = { one: { image: image.reference, network_mode: 'none' } };
  await writeFile(file, JSON.stringify({ services }));
  const program = path.join(pinnedCompose().folder, 'docker-compose');
  compose = new Compose({ project, files: [file], program });
});
afterAll(async () => {
  await image.remove();
  await rm(folder, { recursive: true });
});

const containers = () =>
  docker.listContainers({ all: true, filters: { label: [`com.docker.compose.project=${project}`] } });

it('what is run once is gone when it has ended, however', async () => {
  expect(await compose.run('run', '--no-TTY', 'one', 'echo', 'said')).toBe('said\n');
  expect(await compose.tell('run', '--no-TTY', 'one', 'sh', '-c', 'exit 3')).toBe(3);
  await expect(compose.run('run', '--no-TTY', 'one', 'no-such-program')).rejects.toThrow('no-such-program');
  expect(await containers()).toEqual([]);
});

it('what is run once is not removed by the engine, on which an operator’s `docker compose down` would fail', async () => {
  const ended = compose.tell('run', '--no-TTY', 'one', 'sleep', '60');
  await expect.poll(async () => (await containers()).map(({ State }) => State)).toEqual(['running']);
  const [{ Id }] = (await containers()) as [Docker.ContainerInfo];
  expect((await docker.getContainer(Id).inspect()).HostConfig.AutoRemove).toBe(false);
  // Somebody else may remove it first.
  await docker.getContainer(Id).remove({ force: true });
  expect(await ended).not.toBe(0);
  expect(await containers()).toEqual([]);
});
