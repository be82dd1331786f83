import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { beforeAll, describe, expect, it } from 'vitest';
import { toolsImage } from '../docker/tools-image.ts';
import { probeEscape, verdict } from './escape-probe.ts';

const docker = new Docker();
const signal = AbortSignal.timeout(60_000);
const strict: Docker.HostConfig = {
  SecurityOpt: ['no-new-privileges'],
  CapDrop: ['NET_RAW', 'MKNOD', 'AUDIT_WRITE'],
  PidsLimit: 4096,
};
const weak: Docker.HostConfig = {
  CapAdd: ['SYS_ADMIN'],
  SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
};
const hierarchies = () =>
  readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .map((line) => line.split(':')[1]);

describe('the probe for CVE-2022-0492', () => {
  let image: string;
  beforeAll(async () => {
    image = await toolsImage(docker);
  });
  const probe = (profile: Docker.HostConfig) => probeEscape(docker, image, profile, { signal });

  it("finds no way out of a job's container", async () => {
    await probe(strict);
  });

  it('finds none where all capabilities are dropped and the root is read-only', async () => {
    await probe({ ...strict, CapDrop: ['ALL'], ReadonlyRootfs: true });
  });

  it('finds the way out of a container that may mount, and leaves no hierarchy behind', async () => {
    const before = hierarchies();
    await expect(probe(weak)).rejects.toMatchObject({
      name: 'SecurityCheckFailed',
      message: expect.stringMatching(
        /^A job could escape from its container on this machine \(CVE-2022-0492\)\. Can escape: the release agent of the cgroup hierarchy \S+ can be set directly\.$/,
      ),
      facts: { return_code: 10, stderr: expect.stringMatching(/^mounted \S+ directly$/m) },
    });
    expect(hierarchies()).toEqual(before);
  });

  it('tries namespaces of its own where the container lets it', async () => {
    // The kernel's own check, since 5.17, is then all that keeps the job in.
    const unfiltered = { ...strict, SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'] };
    const { stderr } = await probe(unfiltered);
    const hasHierarchies = hierarchies().some((controllers) => controllers);
    if (hasHierarchies) expect(stderr).toMatch(/^mounted \S+ in namespaces of its own$/m);
    expect(stderr).not.toContain('directly');
  });

  it('fails with what the engine says where its container cannot be made', async () => {
    await expect(probe({ ...strict, Runtime: 'no-such-runtime' })).rejects.toMatchObject({
      name: 'SecurityCheckFailed',
      message: expect.stringMatching(/^The check for CVE-2022-0492 could not be run: .*no-such-runtime/),
      facts: { return_code: null, stdout: '', stderr: '' },
    });
  });

  it('fails with what it printed where it cannot run', async () => {
    const limited = { ...strict, Ulimits: [{ Name: 'fsize', Soft: 10, Hard: 10 }] };
    await expect(probe(limited)).rejects.toMatchObject({
      name: 'SecurityCheckFailed',
      message: expect.stringMatching(
        /^The check for CVE-2022-0492 did not run to its end \(exit code \d+\): ./,
      ),
    });
  });

  it('leaves no container behind, also when it is stopped', async () => {
    const labels = { 'horde-test.probe': crypto.randomUUID() };
    const label = Object.entries(labels).map((pair) => pair.join('='));
    const left = () => docker.listContainers({ all: true, filters: { label } });
    await probeEscape(docker, image, strict, { labels, signal });
    expect(await left()).toEqual([]);
    const stop = new AbortController();
    const events = await docker.getEvents({ filters: { label, event: ['start'] } });
    events.once('data', () => stop.abort(new Error('stopped')));
    const stopped = probeEscape(docker, image, strict, { labels, signal: stop.signal });
    await expect(stopped).rejects.toThrow('stopped');
    (events as Readable).destroy();
    expect(await left()).toEqual([]);
  });
});

describe("the probe's verdict", () => {
  it('is trusted only when the probe says it and ends well', () => {
    const contained = 'Contained: no cgroup hierarchy can be given a release agent.\n';
    verdict({ exitCode: 0, stdout: contained, stderr: '' });
    const failures = [
      { exitCode: 1, stdout: contained, stderr: '' },
      { exitCode: 0, stdout: '', stderr: '' },
      { exitCode: 0, stdout: `Can escape: x.\n${contained}`, stderr: '' },
      { exitCode: 127, stdout: '', stderr: 'sh: not found' },
      { exitCode: 3, stdout: 'Not probed: busybox has no mount.\n', stderr: '' },
    ].map((run) => {
      try {
        return verdict(run);
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(failures).toEqual([
      `The check for CVE-2022-0492 did not run to its end (exit code 1): ${contained.trim()}`,
      'The check for CVE-2022-0492 did not run to its end (exit code 0): it printed nothing',
      expect.stringMatching(/^A job could escape .* Can escape: x\./),
      'The check for CVE-2022-0492 did not run to its end (exit code 127): sh: not found',
      'The check for CVE-2022-0492 did not run to its end (exit code 3): Not probed: busybox has no mount.',
    ]);
  });
});
