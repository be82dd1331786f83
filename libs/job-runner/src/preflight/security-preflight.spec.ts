import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ContainerLimits } from '../docker/limits.ts';
import { securityPreflight } from './security-preflight.ts';

/** A check with a memory of its own, and a count of the containers that it makes. */
function preflight() {
  const docker = new Docker();
  const created = vi.spyOn(docker, 'createContainer');
  const cacheFolder = mkdtempSync(path.join(tmpdir(), 'horde-preflight-'));
  onTestFinished(() => rmSync(cacheFolder, { recursive: true }));
  const jobUuid = randomUUID();
  const signal = AbortSignal.timeout(60_000);
  return {
    cacheFolder,
    containers: () => created.mock.calls.length,
    left: () => docker.listContainers({ all: true, filters: { label: [`horde.job=${jobUuid}`] } }),
    check: (limits: ContainerLimits = {}, gpu = false) =>
      securityPreflight(docker, { jobUuid, gpu, limits, cacheFolder, signal }),
  };
}

describe('the security preflight', () => {
  it('is made once for jobs of one profile, and again for another', async () => {
    const { check, containers, left } = preflight();
    await check();
    await check();
    expect(containers()).toBe(1);
    await check({ dropAllCapabilities: true });
    expect(containers()).toBe(2);
    await check({ memoryBytes: 2 ** 30 });
    expect(containers()).toBe(2);
    expect(await left()).toEqual([]);
  });

  it('does not remember that it failed', async () => {
    const { check, containers, cacheFolder } = preflight();
    const gpus = () => check({}, true);
    await expect(gpus()).rejects.toMatchObject({ name: 'SecurityCheckFailed' });
    expect(readdirSync(cacheFolder)).toEqual([]);
    await expect(gpus()).rejects.toThrow('the Docker engine has no runtime named nvidia');
    expect(containers()).toBe(2);
  });

  it('asks nothing of NVIDIA for a machine that runs such jobs without GPUs', async () => {
    await preflight().check({ noGpu: true }, true);
  });

  it('says that the engine cannot be reached as such', async () => {
    const docker = new Docker({ socketPath: '/nowhere/docker.sock' });
    const { cacheFolder } = preflight();
    const signal = AbortSignal.timeout(60_000);
    const check = securityPreflight(docker, {
      jobUuid: randomUUID(),
      gpu: false,
      limits: {},
      cacheFolder,
      signal,
    });
    await expect(check).rejects.toMatchObject({ syscall: 'connect', code: 'ENOENT' });
  });

  it('may be made by several at once', async () => {
    const { check, cacheFolder } = preflight();
    await Promise.all([check(), check(), check()]);
    expect(readdirSync(cacheFolder)).toHaveLength(1);
  });
});
