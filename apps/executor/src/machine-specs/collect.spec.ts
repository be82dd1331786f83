import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import * as library from '@horde/job-runner';
import { MachineDescription, readObject, toJson, toJsonValue, toPlain } from '@horde/protocol';
import Docker from 'dockerode';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { collectMachineSpecs, type MachineSpecsOptions } from './collect.ts';

const docker = new Docker();
const fixture = (name: string) => readFileSync(path.join(import.meta.dirname, 'fixtures', name), 'utf8');

const options = (changes: Partial<MachineSpecsOptions> = {}): MachineSpecsOptions => ({
  library,
  jobUuid: crypto.randomUUID(),
  jobFolder: tmpdir(),
  gpus: 'all',
  warn: () => {},
  signal: AbortSignal.timeout(30_000),
  ...changes,
});

/** Puts a program named nvidia-smi first on the PATH. */
function nvidiaSmi(script: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-specs-'));
  writeFileSync(path.join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(folder, 'nvidia-smi'), 0o755);
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  return folder;
}

describe("a machine's specs", () => {
  it('tell the processor, memory, disk, system and engine of this one, and that it has no GPU', async () => {
    const { specs } = await collectMachineSpecs(docker, options());
    const { blocks, bsize } = statfsSync(tmpdir());
    expect(specs).toEqual({
      gpu: { count: 0, details: [] },
      cpu: { count: cpus().length, model: cpus()[0]!.model, clocks: expect.any(Array) },
      ram: {
        total: Number(/MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))![1]),
        free: expect.any(Number),
        available: expect.any(Number),
        used: expect.any(Number),
      },
      hard_disk: {
        total: Math.floor((blocks * bsize) / 1024),
        used: expect.any(Number),
        free: expect.any(Number),
      },
      os: execFileSync('docker', ['info', '-f', '{{.OperatingSystem}}'], { encoding: 'utf8' }).trim(),
      virtualization: { machine: expect.any(String), container: expect.any(String) },
      docker: expect.objectContaining({
        version: (await docker.version()).Version,
        runtimes: expect.arrayContaining(['runc']),
      }),
    });
  });

  it('fit what validators read, with every clock a float', async () => {
    const wire = toJsonValue({ ...(await collectMachineSpecs(docker, options())) });
    const specs = wire.get('specs');
    const read = readObject(MachineDescription, specs as never);
    expect(read.cpu?.count).toBe(cpus().length);
    expect(read.gpu).toEqual({ count: 0, details: [] });
    expect(toJson(read)).toBeDefined();
    expect(toPlain(wire)).toMatchObject({ specs: { cpu: { count: cpus().length } } });
  });

  it("tell the GPUs that this machine's nvidia-smi lists", async () => {
    const folder = nvidiaSmi('cat "$(dirname "$0")/table"');
    writeFileSync(path.join(folder, 'table'), fixture('nvidia-smi-535-several.csv'));
    const { specs } = await collectMachineSpecs(docker, options());
    expect(specs.gpu).toMatchObject({ count: 3, details: [{ capacity: '49140' }, {}, { cuda: '8.9' }] });
  });

  it('tell only those GPUs that the miner gave this executor', async () => {
    // Answers as NVIDIA's does: a table of the GPUs that were asked for, in the order of the machine.
    const folder = nvidiaSmi(
      'while [ $# -gt 0 ]; do [ "$1" = -i ] && chosen=",$2,"; shift; done\n' +
        'awk -v chosen="$chosen" \'NR == 1 || index(chosen, "," NR - 2 ",")\' "$(dirname "$0")/table"',
    );
    writeFileSync(path.join(folder, 'table'), fixture('nvidia-smi-535-several.csv'));
    const all = (await collectMachineSpecs(docker, options({ gpus: ['0', '1', '2'] }))).specs.gpu!;
    const own = (await collectMachineSpecs(docker, options({ gpus: ['0', '2'] }))).specs.gpu!;
    expect(own).toEqual({ count: 2, details: [all.details[0], all.details[2]] });
  });

  it('tell the GPUs of a driver that does not know their compute capability', async () => {
    const folder = nvidiaSmi(
      'case "$1" in *compute_cap*) cat "$(dirname "$0")/refusal"; exit 2 ;; esac; cat "$(dirname "$0")/table"',
    );
    writeFileSync(path.join(folder, 'refusal'), fixture('nvidia-smi-470-refusal.txt'));
    writeFileSync(path.join(folder, 'table'), fixture('nvidia-smi-470-without-compute-cap.csv'));
    const { specs } = await collectMachineSpecs(docker, options());
    expect(specs.gpu).toMatchObject({ count: 1, details: [{ name: 'Tesla T4', cuda: null }] });
  });

  it('tell the GPUs where one has something to warn of, and pass the warning on', async () => {
    const folder = nvidiaSmi(
      'cat "$(dirname "$0")/table"; echo "WARNING: infoROM is corrupted at gpu 0" >&2; exit 14',
    );
    writeFileSync(path.join(folder, 'table'), fixture('nvidia-smi-535-several.csv'));
    const warnings: string[] = [];
    const warn = (sentence: string) => warnings.push(sentence);
    const { specs } = await collectMachineSpecs(docker, options({ warn }));
    expect(specs.gpu).toMatchObject({ count: 3 });
    expect(warnings).toEqual(['nvidia-smi warns: WARNING: infoROM is corrupted at gpu 0']);
  });

  it('tell the GPUs where the engine does not answer and cannot say whether this is one of its containers', async () => {
    const away = new Docker({ socketPath: '/nowhere/docker.sock' });
    const inContainer = { ...library, ownerLabels: () => Promise.reject(new Error('connect ENOENT')) };
    const { specs } = await collectMachineSpecs(away, options({ library: inContainer }));
    expect(specs.gpu).toEqual({ count: 0, details: [] });
  });

  it('say why the GPUs are not told, and tell the rest', async () => {
    nvidiaSmi('echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18');
    const { specs } = await collectMachineSpecs(docker, options());
    expect(specs).not.toHaveProperty('gpu');
    expect(specs.gpu_scrape_error).toBe(
      'nvidia-smi failed (exit code 18): Failed to initialize NVML: Driver/library version mismatch',
    );
    expect(specs.cpu?.count).toBe(cpus().length);
  });

  it('have no GPU where the driver finds none, and where none are looked for', async () => {
    nvidiaSmi('echo "No devices were found"; exit 6');
    const none = { count: 0, details: [] };
    expect((await collectMachineSpecs(docker, options())).specs.gpu).toEqual(none);
    nvidiaSmi('echo broken; exit 1');
    expect((await collectMachineSpecs(docker, options({ gpus: 'none' }))).specs.gpu).toEqual(none);
  });

  it('are told without an engine, and where the engine does not answer', async () => {
    const { specs } = await collectMachineSpecs(null, options());
    expect(specs).toMatchObject({
      gpu: { count: 0 },
      cpu: {},
      ram: {},
      hard_disk: {},
      os: expect.any(String),
    });
    expect(specs).not.toHaveProperty('docker');
    const away = new Docker({ socketPath: '/nowhere/docker.sock' });
    const without = await collectMachineSpecs(away, options());
    expect(without.specs.docker_scrape_error).toContain('/nowhere/docker.sock');
    expect(without.specs).toMatchObject({ gpu: { count: 0 }, os: expect.any(String) });
  });

  it('say why the disk is not told', async () => {
    const { specs } = await collectMachineSpecs(docker, options({ jobFolder: '/nowhere' }));
    expect(specs.hard_disk_scrape_error).toContain('ENOENT');
    expect(specs).not.toHaveProperty('hard_disk');
  });
});
