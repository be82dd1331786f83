import { ensureNodeImage } from '@horde/testing/node-image';
import Docker from 'dockerode';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { retireWatchtower } from './watchtower.ts';

const docker = new Docker();
const project = `horde-test-${crypto.randomUUID().slice(0, 8)}`;
const label = [`com.docker.compose.project=${project}`];
const own = { Config: { Labels: { 'com.docker.compose.project': project } } } as unknown as Pick<
  Docker.ContainerInspectInfo,
  'Config'
>;
const all = () => docker.listContainers({ all: true, filters: { label } });
let image: string;

beforeAll(async () => void (image = await ensureNodeImage(docker)), 120_000);
afterEach(async () => {
  for (const { Id } of await all()) await docker.getContainer(Id).remove({ force: true });
});

/** A container of the outer file, as Compose labels it. @returns once it does what it does */
async function start(
  service: string,
  script: string,
  isDone: (state: Docker.ContainerInspectInfo) => boolean,
) {
  const container = await docker.createContainer({
    name: `${project}-${service}-1`,
    Image: image,
    Cmd: ['node', '-e', script],
    Labels: { 'com.docker.compose.project': project, 'com.docker.compose.service': service },
    HostConfig: { NetworkMode: 'none', RestartPolicy: { Name: 'unless-stopped' } },
  });
  await container.start();
  await expect.poll(async () => isDone(await container.inspect()), { timeout: 30_000 }).toBe(true);
}

const waits = 'setInterval(() => undefined, 1000)';
const runs = ({ State }: Docker.ContainerInspectInfo) => State.Running;

it('a watchtower that ends again and again, as with Docker 29, is removed, and nothing else', async () => {
  await start('watchtower', 'process.exit(1)', ({ RestartCount }) => RestartCount >= 3);
  await start('miner-runner', waits, runs);
  expect(await retireWatchtower(docker, own)).toContain('which stood still');
  expect((await all()).flatMap(({ Names }) => Names)).toEqual([`/${project}-miner-runner-1`]);
  expect(await retireWatchtower(docker, own)).toBeNull();
}, 60_000);

it('a watchtower that runs is left to the operator, who is told what to type', async () => {
  await start('watchtower', waits, runs);
  expect(await retireWatchtower(docker, own)).toContain(`docker rm -f ${project}-watchtower-1`);
  expect(await all()).toHaveLength(1);
}, 60_000);
