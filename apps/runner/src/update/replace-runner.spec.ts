import { randomBytes } from 'node:crypto';
import { makeTestImage, type TestImage } from '@horde/testing/test-image';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { carriedOver, NoRunner, replaceRunner } from './replace-runner.ts';

const docker = new Docker();

describe('what a container is given by the outer file', () => {
  const info = {
    Id: '0123456789abcdef',
    Config: {
      Hostname: '0123456789ab',
      Env: ['PATH=/bin', 'RUNNER_OF=miner', 'MINE=1', 'NODE_COMPILE_CACHE=/elsewhere'],
      Labels: {
        'horde.sbom': 'x',
        'org.opencontainers.image.revision': 'old',
        'com.docker.compose.image': 'old-id',
        mine: 'yes',
      },
      Cmd: null,
      Entrypoint: ['runner'],
      User: '0:0',
      WorkingDir: '/app',
      Tty: false,
      OpenStdin: false,
    },
    HostConfig: { Binds: ['/a:/b'], RestartPolicy: { Name: 'unless-stopped' } },
    NetworkSettings: {
      Networks: {
        mine_default: {
          Aliases: ['miner-runner', '0123456789ab'],
          IPAMConfig: null,
          IPAddress: '172.18.0.2',
        },
      },
    },
  } as unknown as Docker.ContainerInspectInfo;
  const old = {
    Env: ['PATH=/bin', 'RUNNER_OF=miner', 'NODE_COMPILE_CACHE=/tmp'],
    Labels: { 'horde.sbom': 'x', 'org.opencontainers.image.revision': 'old' },
    Entrypoint: ['runner'],
    User: '0:0',
    WorkingDir: '/app',
  };

  it('is carried over, and what it had of its image is not', () => {
    expect(JSON.parse(JSON.stringify(carriedOver(info, old, 'new-id')))).toEqual({
      Image: 'new-id',
      Env: ['MINE=1', 'NODE_COMPILE_CACHE=/elsewhere'],
      Labels: { 'com.docker.compose.image': 'new-id', mine: 'yes' },
      Tty: false,
      OpenStdin: false,
      HostConfig: info.HostConfig,
      networks: { mine_default: { Aliases: ['miner-runner'], IPAMConfig: null } },
    });
  });

  it('is carried over with a name, a command and a user of its own', () => {
    const own = { ...info, Config: { ...info.Config, Hostname: 'here', Cmd: ['x'], User: '7' } };
    expect(carriedOver(own, old, 'new-id')).toMatchObject({ Hostname: 'here', Cmd: ['x'], User: '7' });
  });
});

describe('a runner’s container', () => {
  let images: TestImage[];
  let ids: string[];
  const name = `horde-test-${randomBytes(4).toString('hex')}-runner-1`;
  const run = '#!/bin/sh\ntrap "exit 0" TERM\nwhile :; do sleep 0.1; done\n';

  beforeAll(async () => {
    images = await Promise.all(['one', 'two'].map((which) => makeTestImage({ which, run })));
    ids = await Promise.all(
      images.map(async ({ reference }) => (await docker.getImage(reference).inspect()).Id),
    );
  });
  afterAll(async () => {
    for (const one of images) await one.remove();
  });

  const remove = () =>
    Promise.all(
      [name, `${name}-next`].map((one) =>
        docker
          .getContainer(one)
          .remove({ force: true })
          .catch(() => undefined),
      ),
    );
  async function start(): Promise<Docker.Container> {
    onTestFinished(async () => void (await remove()));
    const made = await docker.createContainer({
      name,
      Image: images[0]!.reference,
      Cmd: ['/run'],
      Env: ['MINE=1'],
      Labels: { 'com.docker.compose.service': 'miner-runner' },
      HostConfig: {
        NetworkMode: 'none',
        RestartPolicy: { Name: 'unless-stopped' },
        Binds: ['/etc/hostname:/host:ro'],
      },
    });
    await made.start();
    return made;
  }
  const found = async () => {
    const { Config, HostConfig, Image, Mounts, State } = await docker.getContainer(name).inspect();
    return {
      image: Image,
      runs: State.Running,
      given: [
        Config.Cmd,
        Config.Env.includes('MINE=1'),
        Config.Labels,
        HostConfig.RestartPolicy,
        HostConfig.NetworkMode,
        Mounts,
      ],
    };
  };
  const isAlone = () =>
    expect(docker.getContainer(`${name}-next`).inspect()).rejects.toMatchObject({ statusCode: 404 });

  it('is replaced with all that it was given, and back again', async () => {
    await start();
    const before = await found();
    await replaceRunner(docker, name, ids[1]!);
    expect(await found()).toEqual({ ...before, image: ids[1] });
    await replaceRunner(docker, name, ids[1]!);
    await replaceRunner(docker, name, ids[0]!);
    expect(await found()).toEqual(before);
    await isAlone();
  });

  it('is replaced wherever that was ended before: with the new one made, with the old one gone, with both ended', async () => {
    const old = await start();
    const before = await found();
    const makeNext = () =>
      docker.createContainer({
        name: `${name}-next`,
        Image: images[1]!.reference,
        Cmd: ['/run'],
        Env: ['HALF=1'],
      });
    await makeNext();
    await replaceRunner(docker, name, ids[1]!);
    expect(await found()).toEqual({ ...before, image: ids[1] });
    await expect(old.inspect()).rejects.toMatchObject({ statusCode: 404 });

    await docker.getContainer(name).rename({ name: `${name}-next` });
    await docker.getContainer(`${name}-next`).kill();
    await replaceRunner(docker, name, ids[1]!);
    expect(await found()).toEqual({ ...before, image: ids[1] });

    await docker.getContainer(name).kill();
    await replaceRunner(docker, name, ids[1]!);
    expect(await found()).toEqual({ ...before, image: ids[1] });

    // It was to be the new one, and by now the old one is wanted back.
    await docker.getContainer(name).rename({ name: `${name}-next` });
    await replaceRunner(docker, name, ids[0]!);
    expect(await found()).toEqual(before);
    await isAlone();
  });

  it('is not made of nothing', async () => {
    await expect(replaceRunner(docker, name, ids[1]!)).rejects.toThrow(NoRunner);
  });
});
