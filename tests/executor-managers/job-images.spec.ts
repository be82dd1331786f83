import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DockerExecutorManager, type JobImagesPolicy } from '@horde/executor-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serversFile } from './servers-file.ts';
import { SshHost } from './ssh-host.ts';

/** None may stay, for as little as that. */
const everything: JobImagesPolicy = { mostBytes: 1, leastFree: 0, unusedFor: 0 };
const never = new AbortController().signal;

describe('images of jobs on a host over SSH', () => {
  let host: SshHost;
  let folder: string;
  let manager: DockerExecutorManager;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'job-images-'));
    host = await SshHost.start();
    const file = serversFile(
      folder,
      `rack: { mode: ssh, executor_class: always_on.test, host: ${host.address}, username: root, key_path: ${host.keyPath} }\n`,
    );
    manager = new DockerExecutorManager({
      image: 'executor:1',
      file,
      defaultClass: 'always_on.test',
      localPorts: [],
      environment: {},
      autoRemove: true,
      owner: randomUUID(),
      knownHosts: { file: path.join(folder, 'known_hosts'), pin: true },
      publicAddress: async () => null,
      log: () => undefined,
    });
  }, 300_000);
  afterAll(async () => {
    await manager?.close();
    await host?.remove();
    rmSync(folder, { recursive: true });
  });
  /** Makes an image of 1 MB. */
  const making = (name: string) =>
    `head -c 1000000 /dev/urandom > /tmp/made/x && tar -c -C /tmp/made . | docker import - ${name}`;
  /** A job needs it, and had it fetched if it was not there. */
  const using = (name: string) =>
    `docker tag ${name} horde-pulled:$(docker inspect -f '{{slice .Id 7 23}}' ${name})`;
  /** Has only these images, as if executors had fetched them one after the other. */
  const fetched = (...names: string[]) =>
    host.run(
      [
        'mkdir -p /tmp/made',
        'docker ps -aq | xargs -r docker rm -f',
        'docker images -q | sort -u | xargs -r docker rmi -f',
        ...names.flatMap((name) => [making(name), using(name)]),
      ].join(' && '),
    );
  async function there(): Promise<string[]> {
    const listed = await host.run("docker images --format '{{.Repository}}:{{.Tag}}'");
    return listed
      .split('\n')
      .filter((name) => name !== '' && !name.startsWith('horde-pulled:'))
      .toSorted();
  }
  const tidy = async (policy: Partial<JobImagesPolicy> = {}, wanted: string[] = []) => {
    const [report] = await manager.tidyJobImages(wanted, { ...everything, ...policy }, never);
    return report!;
  };

  it('are removed, the one first that was not needed for longest, until the rest keeps to the limit', async () => {
    await fetched('a:1', 'b:1', 'c:1');
    const report = await tidy({ mostBytes: 2_500_000 });
    expect(report).toMatchObject({
      machine: `root@${host.address}:22`,
      error: null,
      removed: [{ image: 'a:1', bytes: expect.closeTo(1_000_000, -5) as number, kept: null }],
      images: [{ image: 'b:1' }, { image: 'c:1' }],
    });
    expect(await there()).toEqual(['b:1', 'c:1']);
    await host.run(using('b:1'));
    await tidy({ mostBytes: 1_500_000 });
    expect(await there()).toEqual(['b:1']);
    const recent = await tidy({ unusedFor: 3_600_000 });
    expect(recent.images).toMatchObject([{ image: 'b:1', kept: 'a job needed it not long ago' }]);
    expect(recent.removed).toEqual([]);
    expect((await tidy({ mostBytes: null })).removed).toEqual([]);
  });

  it('are removed where the disk has less left than it should, also one of whose names only the mark is left', async () => {
    await fetched('a:1', 'b:1');
    await host.run('docker rmi a:1');
    expect((await tidy({ mostBytes: null, leastFree: 0.000_001 })).removed).toEqual([]);
    expect((await tidy({ mostBytes: null, leastFree: 1 })).removed).toHaveLength(2);
    expect(await host.run('docker images -qa')).toBe('');
  });

  it('stay where a container needs them, the miner wants them, or somebody else has to do with them', async () => {
    await fetched('running:1', 'executor:1', 'preloaded:latest', 'named:1');
    await host.run(
      `${making('operators:1')} && docker create running:1 sh && docker tag named:1 operators:2`,
    );
    const { images, removed } = await tidy({}, ['preloaded']);
    expect(removed).toEqual([]);
    expect(images.map(({ kept }) => kept)).toEqual([
      'a container is made from it',
      'it is to be there before a job asks for it',
      'it is to be there before a job asks for it',
      'it has a second name',
    ]);
    const all = ['executor:1', 'named:1', 'operators:1', 'operators:2', 'preloaded:latest', 'running:1'];
    expect(await there()).toEqual(all);
    await host.run('docker rm $(docker ps -aq) && docker rmi operators:2');
    expect((await tidy()).removed).toHaveLength(3);
    expect(await there()).toEqual(['executor:1', 'operators:1']);
  });

  it('cannot be told where the engine is away, and the report says so', async () => {
    await host.stopEngine();
    expect(await tidy()).toMatchObject({ images: [], removed: [], error: expect.any(String) as string });
    await host.startEngine();
  });
});
