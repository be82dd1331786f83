import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeTestImage, type TestImage } from '@horde/testing/test-image';
import { checkGpus, checkNvidia, checkToolkit, toolkitFolder, toolkitOfHost } from './nvidia.ts';
import { gpuAccess, nvidiaSmiInContainer, runNvidiaSmi, wholeGpus } from './nvidia-smi.ts';

const listed = 'GPU 0: NVIDIA RTX A6000 (UUID: GPU-5f3c6a1e-0d1b-7c2a-9b1e-2f4d5a6b7c8d)';
const hook = (version: string) =>
  `NVIDIA Container Runtime Hook version ${version}\ncommit: 9b69590c7428470a72f2ae05f826412976af1395`;
const printing = (text: string) => ({ exitCode: 0, stdout: `${text}\n`, stderr: '' });
const options = { labels: {}, signal: AbortSignal.timeout(60_000) };
/** This machine has no GPU: what stands in for one is a device of another kind under its name. */
const access: Docker.HostConfig = {
  Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/nvidia0', CgroupPermissions: 'rw' }],
};

/** A folder with programs that print, in place of NVIDIA's. */
function programs(texts: Record<string, string>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-nvidia-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  for (const [name, text] of Object.entries(texts)) {
    const script = text.startsWith('#!') ? text : `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`;
    writeFileSync(path.join(folder, name), script, { mode: 0o755 });
  }
  return folder;
}

describe("the NVIDIA toolkit's version", () => {
  it.each(['1.17.8', '1.17.9', '1.18.0', '1.100.0', '2.0.0', 'v1.17.8', '1.17.9-rc.1', '1.18.0~rc.1'])(
    '%s is new enough',
    (version) => checkToolkit(printing(hook(version))),
  );

  it.each(['1.17.7', '1.17.4', '1.16.2', '1.9.0', '0.99.99', '1.17.8-rc.1', '1.17.8~rc.2'])(
    '%s is too old',
    (version) => {
      expect(() => checkToolkit(printing(hook(version)))).toThrow(
        `A job could get out of its container through this machine's NVIDIA container toolkit ${version} ` +
          '(CVE-2025-23266): 1.17.8 or newer is needed.',
      );
    },
  );

  it('may have to be newer, as the operator says', () => {
    checkToolkit(printing(hook('1.18.1')), '1.18.1');
    expect(() => checkToolkit(printing(hook('1.18.0')), '1.18.1')).toThrow('1.18.1 or newer is needed.');
  });

  it('is a failure where it is not told', () => {
    for (const run of [
      printing(''),
      printing('NVIDIA Container Runtime Hook version unknown'),
      { exitCode: 1, stdout: hook('1.17.8'), stderr: 'error while loading shared libraries: libdl.so.2' },
    ])
      expect(() => checkToolkit(run)).toThrow(/^nvidia-container-toolkit --version did not tell its version/);
  });
});

describe("nvidia-smi's list of GPUs", () => {
  it('has to name one', () => {
    checkGpus(printing(listed));
    checkGpus(
      printing(`${listed}\n  MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)`),
    );
    expect(() => checkGpus(printing('No devices found.'))).toThrow(
      'nvidia-smi lists no GPU (exit code 0): No devices found.',
    );
  });

  it('is taken where a GPU has something to warn of, and the warning is passed on', () => {
    const stderr = 'WARNING: infoROM is corrupted at gpu 0000:3B:00.0\n';
    const warnings: string[] = [];
    checkGpus({ exitCode: 14, stdout: `${listed}\n`, stderr }, (sentence) => warnings.push(sentence));
    expect(warnings).toEqual([`nvidia-smi warns: ${stderr.trim()}`]);
    expect(() => checkGpus({ exitCode: 14, stdout: '', stderr })).toThrow('nvidia-smi lists no GPU');
  });

  it('is a failure with its own sentence where the driver is broken', () => {
    const stdout =
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest " +
      'NVIDIA driver is installed and running.\n';
    expect(() => checkGpus({ exitCode: 9, stdout, stderr: '' })).toThrow(
      `nvidia-smi failed (exit code 9): ${stdout.trim()}`,
    );
    const mismatch = 'Failed to initialize NVML: Driver/library version mismatch\n';
    expect(() => checkGpus({ exitCode: 18, stdout: mismatch, stderr: '' })).toThrow('version mismatch');
  });
});

describe('GPUs for jobs', () => {
  let image: TestImage;
  beforeAll(async () => {
    image = await makeTestImage();
  });
  afterAll(() => image?.remove());

  const engine = (folder: string) => ({
    Runtimes: { nvidia: { path: `${folder}/nvidia-container-runtime` } },
  });
  const check = (folder: string, how = access) =>
    checkNvidia(image.docker, engine(folder), image.reference, { ...options, access: how });

  it('pass with the programs of this machine, where the executor runs on it', async () => {
    const folder = programs({ 'nvidia-smi': listed, 'nvidia-container-toolkit': hook('1.17.8') });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    await check(folder);
  });

  it('fail where the toolkit is too old, and the context holds what it printed', async () => {
    const folder = programs({ 'nvidia-smi': listed, 'nvidia-container-toolkit': hook('1.16.2') });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(check(folder)).rejects.toMatchObject({
      name: 'SecurityCheckFailed',
      facts: { return_code: 0, stdout: `${hook('1.16.2')}\n`, stderr: '' },
    });
  });

  it('fail where the runtime brings none into a container', async () => {
    const folder = programs({ 'nvidia-smi': listed, 'nvidia-container-toolkit': hook('1.17.8') });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(check(folder, {})).rejects.toThrow('The NVIDIA runtime brings no GPU into a container');
  });

  it('fail where a program is missing', async () => {
    const folder = programs({ 'nvidia-container-toolkit': hook('1.17.8') });
    await expect(check(folder)).rejects.toThrow(
      'The job needs GPUs, and there is no nvidia-smi on this machine.',
    );
    await expect(check(programs({}))).rejects.toThrow(/there is no nvidia-/);
  });

  it('fail where the engine has no such runtime, with what to do', async () => {
    await expect(
      checkNvidia(image.docker, { Runtimes: { runc: {} } }, image.reference, options),
    ).rejects.toThrow(
      'The job needs GPUs, and the Docker engine has no runtime named nvidia: install the NVIDIA container toolkit',
    );
  });

  it("are looked at from a container, with the host's toolkit and nothing else of the host", async () => {
    const folder = programs({
      'nvidia-container-toolkit': `#!/bin/sh\n[ "$1" = --version ] && ls /host && grep -c ' /host' /proc/self/mountinfo\n`,
      'nvidia-smi': listed,
    });
    expect(await toolkitOfHost(image.docker, image.reference, folder, options)).toEqual(
      printing('nvidia-container-toolkit\n1'),
    );
    const Mounts: Docker.MountSettings[] = [
      { Type: 'bind', Source: `${folder}/nvidia-smi`, Target: '/bin/nvidia-smi', ReadOnly: true },
    ];
    const smi = nvidiaSmiInContainer(image.docker, image.reference, ['-L'], {
      ...options,
      access: { Mounts },
    });
    expect(await smi).toEqual(printing(listed));
  });

  it("are not looked for in a container where the engine's runtime is missing", async () => {
    expect(await runNvidiaSmi(image.docker, { Runtimes: { runc: {} } }, ['-L'], options)).toBe(null);
  });
});

describe('GPUs that an executor was given', () => {
  it('are all that a container sees when they are looked at', () => {
    expect(gpuAccess({ ...options, gpus: ['0', '1'] }).DeviceRequests).toEqual([
      { Driver: 'nvidia', DeviceIDs: ['0', '1'], Capabilities: [['gpu', 'utility']] },
    ]);
  });

  it('may be parts, of which the whole is described', () => {
    const part = 'MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f';
    const list = `${listed}\n  MIG 3g.20gb     Device  0: (UUID: ${part})\nGPU 1: NVIDIA A100 (UUID: GPU-1)\n`;
    expect(wholeGpus(list, [part.toUpperCase(), 'GPU-1'])).toEqual([
      /UUID: (.*)\)/.exec(listed)![1],
      'GPU-1',
    ]);
  });
});

describe('the folder of the toolkit', () => {
  it("is the runtime's, else the usual one", () => {
    expect(
      toolkitFolder({ Runtimes: { nvidia: { path: '/usr/local/nvidia/toolkit/nvidia-container-runtime' } } }),
    ).toBe('/usr/local/nvidia/toolkit');
    expect(toolkitFolder({ Runtimes: { nvidia: { path: 'nvidia-container-runtime' } } })).toBe('/usr/bin');
  });
});
