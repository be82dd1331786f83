import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type Docker from 'dockerode';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeTestImage } from '@horde/testing/test-image';
import { readArtifacts } from '../artifacts.ts';
import type { JobSpec } from '../runner.ts';
import { jobRunnerConformance } from '../testing/conformance.ts';
import { dockerJobs } from '../testing/docker-jobs.ts';
import { appears } from '../testing/observe.ts';
import { DefaultJobRunner } from './default-job-runner.ts';
import { processOwner } from './owner.ts';

jobRunnerConformance('a Docker container', async (logMaxBytes) => {
  const image = await makeTestImage();
  return { runner: new DefaultJobRunner({ logMaxBytes }), image: image.reference, close: image.remove };
});

describe("a job's container", () => {
  const { job, test } = dockerJobs();

  it('is left alone by the clean-up of another owner with a job of the same uuid', async () => {
    const { jobUuid, left } = await job('true');
    const other = await test.image.docker.createContainer({
      Image: test.image.reference,
      Cmd: ['true'],
      Labels: { 'horde.job': jobUuid, 'horde.owner': '1:1' },
    });
    onTestFinished(() => other.remove({ force: true }));
    await new DefaultJobRunner().cleanUp(jobUuid);
    expect((await left()).map(({ Id }) => Id)).toEqual([other.id]);
  });

  it('has the loopback interface and no other', async () => {
    const { run } = await job('ls /sys/class/net; ip route');
    expect((await run()).stdout).toBe('lo\n');
  });

  it('can gain no privileges, and lacks three capabilities of a usual container', async () => {
    const { run } = await job('cat /proc/self/status');
    const { stdout } = await run();
    expect(stdout).toMatch(/^NoNewPrivs:\s+1$/m);
    const bounding = BigInt(`0x${/^CapBnd:\s+([0-9a-f]+)$/m.exec(stdout)![1]}`);
    const has = (capability: number) => ((bounding >> BigInt(capability)) & 1n) === 1n;
    expect({ netRaw: has(13), mknod: has(27), auditWrite: has(29), chown: has(0) }).toEqual({
      netRaw: false,
      mknod: false,
      auditWrite: false,
      chown: true,
    });
  });

  it('carries the name, the job and its owner while it runs, and is gone afterwards', async () => {
    const token = randomUUID();
    const { run, folders, left, jobUuid } = await job(
      'touch /output/started; while [ ! -e /volume/go ]; do sleep 0.05; done',
      { token, network: 'net-1' },
    );
    const ended = run();
    await appears(path.join(folders.output, 'started'));
    const [container] = await left();
    expect(container!.Names).toEqual([expect.stringMatching(/^\/horde-[0-9a-f]{16}-job$/)]);
    expect(container!.Labels).toEqual({
      'horde.job': jobUuid,
      'horde.owner': processOwner(),
      'horde.network': 'net-1',
    });
    const details = await test.image.docker.getContainer(container!.Id).inspect();
    expect(details.HostConfig.LogConfig?.Type).toBe('none');
    expect(details.HostConfig.PidsLimit).toBe(4096);
    writeFileSync(path.join(folders.volume, 'go'), '');
    expect(await ended).toMatchObject({ exitCode: 0, containerId: container!.Id, imageId: details.Image });
    expect(await left()).toEqual([]);
  });

  it('leaves no container behind after a timeout or a command that does not exist', async () => {
    const sleeper = await job('trap "" TERM; while :; do sleep 1; done');
    expect((await sleeper.run(500)).timedOut).toBe(true);
    expect(await sleeper.left()).toEqual([]);
    const missing = await job('', {}, { command: ['/nowhere/nothing'] });
    const ending = await missing.run();
    expect(ending).toMatchObject({
      exitCode: 127,
      stderr: 'The command "/nowhere/nothing" is not in the image.\n',
    });
    expect(ending.containerId).toMatch(/^[0-9a-f]{64}$/);
    expect(await missing.left()).toEqual([]);
  });

  it('needs a command where its image has none', async () => {
    const { run } = await job('', {}, { command: [] });
    const sentence = 'The job has no command, and its image has none either.\n';
    expect(await run()).toMatchObject({ exitCode: 127, stderr: sentence, containerId: null });
  });

  it("does not bring back this machine's files through a link in the artifacts", async () => {
    const { run, folders } = await job(
      'cd /artifacts; ln -s /etc/shadow shadow; ln -s /etc etc; mkfifo pipe; echo mine > own; ln -s own link',
    );
    expect((await run()).exitCode).toBe(0);
    const { artifacts } = await readArtifacts(folders.artifacts, '/artifacts');
    expect([...artifacts]).toEqual([['/artifacts/own', Buffer.from('mine\n').toString('base64')]]);
  });

  it('fails clearly where its GPUs cannot be had, and runs without them where the operator says so', async () => {
    const wants = await job('echo ran', {}, { gpu: 'nvidia_all' });
    await expect(wants.run()).rejects.toThrow(/^This machine has no NVIDIA container runtime/);
    expect(await wants.left()).toEqual([]);
    const without = await job('echo ran', { noGpu: true }, { gpu: 'nvidia_all' });
    expect((await without.run()).stdout).toBe('ran\n');
  });

  it('asks the engine for the GPUs of its executor by their names, also where a runner of one’s own changes it', async () => {
    const seen: unknown[] = [];
    class Labelling extends DefaultJobRunner {
      protected override async containerOptions(_spec: JobSpec, options: Docker.ContainerCreateOptions) {
        const changed = { ...options, Labels: { ...options.Labels, 'an.audit': 'yes' } };
        const container = await this.docker.createContainer({ ...changed, name: undefined });
        const { HostConfig, Config } = await container.inspect();
        await container.remove();
        seen.push(HostConfig.DeviceRequests, Config.Env, Config.Labels['an.audit']);
        return changed;
      }
    }
    // Of an engine without NVIDIA's runtime another one is asked: it starts no container with GPUs, but makes it.
    const options = { gpus: ['1', '3'], runtime: 'runc' };
    const { run } = await job('true', options, { gpu: 'nvidia_all' }, Labelling);
    await expect(run()).rejects.toThrow(/nvidia/);
    const request = { Driver: 'nvidia', Count: 0, DeviceIDs: ['1', '3'], Capabilities: [['gpu']] };
    expect(seen).toEqual([
      [expect.objectContaining(request)],
      expect.arrayContaining(['NVIDIA_VISIBLE_DEVICES=1,3']),
      'yes',
    ]);
  });

  it('stores output much larger than what is kept of it', async () => {
    const { run, folders } = await job(
      'head -c 30000000 /dev/zero | tr "\\000" a; head -c 5000000 /dev/zero | tr "\\000" b >&2',
    );
    const { stdout, stderr } = await run();
    expect(stdout).toBe(`${'a'.repeat(500_000)} ... ${'a'.repeat(500_000)}`);
    expect(stderr).toHaveLength(1_000_005);
    expect(readFileSync(path.join(folders.output, 'stdout.txt')).length).toBe(30_000_000);
  });
});
