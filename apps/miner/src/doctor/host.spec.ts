import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutorClass } from '@horde/protocol';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { EngineInfo } from './engine.ts';
import { checkHost } from './host.ts';
import { readsHere, type HostFiles } from './host-files.ts';
import { checkNvidiaRuntime } from './nvidia.ts';

const plain: EngineInfo = {
  ServerVersion: '28.0.0',
  Driver: 'overlay2',
  CgroupDriver: 'cgroupfs',
  DockerRootDir: '/var/lib/docker',
  DefaultRuntime: 'runc',
  Runtimes: { runc: { path: 'runc' } },
  KernelVersion: '6.8.0-40-generic',
  SecurityOptions: ['name=seccomp,profile=default'],
};
const gpu: ExecutorClass = 'always_on.gpu-24gb';
const memory = (total: number, free: number, all = 32_000_000) =>
  `MemTotal: ${all} kB\nHugePages_Total: ${total}\nHugePages_Free: ${free}\nHugepagesize:  2048 kB\n`;

/** A folder with files of a machine, in place of those in /etc and /proc. */
function machine(
  texts: { daemon?: string; toolkit?: string; meminfo?: string; sysctl?: string } = {},
): HostFiles {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-doctor-host-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const sysctl = path.join(folder, 'sysctl.d');
  mkdirSync(sysctl);
  const files = {
    daemon: path.join(folder, 'daemon.json'),
    toolkit: path.join(folder, 'config.toml'),
    meminfo: path.join(folder, 'meminfo'),
    sysctl: [sysctl, path.join(folder, 'sysctl.conf')],
    ...readsHere,
  };
  const { sysctl: kernel, ...others } = { meminfo: memory(0, 0), ...texts };
  for (const [name, text] of Object.entries(others)) writeFileSync(files[name as keyof typeof others], text);
  if (kernel !== undefined) writeFileSync(path.join(sysctl, '60-pages.conf'), kernel);
  return files;
}

interface Case {
  info?: Partial<EngineInfo>;
  files?: HostFiles;
  needsGpu?: ExecutorClass | null;
  environment?: Record<string, string>;
}

/** What is found of one thing: verdict, sentence and remedy in one line. */
async function found(check: string, { info, files = machine(), needsGpu = gpu, environment = {} }: Case) {
  const all = await checkHost({ info: { ...plain, ...info }, needsGpu, environment, files });
  const { verdict, says, fix } = all.find((finding) => finding.check === check)!;
  return `${verdict} ${says}${fix === null ? '' : ` -> ${fix}`}`;
}

it('the doctor sees a daemon.json that Docker cannot read', async () => {
  const files = machine({ daemon: '{"exec-opts": [}' });
  expect(await found('daemon.json', { files })).toMatch(
    new RegExp(`^FAIL ${files.daemon} is no JSON: .* -> Mend it, .* --config-file ${files.daemon}$`),
  );
  expect(await found('daemon.json', { files: machine({ daemon: '{}' }) })).toBe('OK It can be read.');
  expect(await found('daemon.json', {})).toMatch(/^OK Not there, or not for this user: /);
});

it('the doctor sees a machine that is little for a class with a GPU', async () => {
  const files = machine({ meminfo: memory(0, 0, 8_000_000) });
  expect(await found('machine', { files })).toMatch(
    /^WARN \d+ cores, 8 GB of memory: little for always_on\.gpu-24gb\. -> .* 4 cores and 16 GB or more: /,
  );
  expect(await found('machine', { files, needsGpu: null })).toMatch(/^OK \d+ cores, 8 GB of memory\.$/);
});

it('the doctor sees a cgroup driver that takes GPUs from running jobs, and says the line', async () => {
  const systemd = { CgroupDriver: 'systemd' };
  const files = machine();
  expect(await found('cgroup driver', { info: systemd, files })).toMatch(
    new RegExp(
      `^WARN It is systemd .* -> In ${files.daemon}: "exec-opts": \\["native.cgroupdriver=cgroupfs"\\]; then, `,
    ),
  );
  expect(await found('cgroup driver', { info: systemd, needsGpu: null })).toBe('OK It is systemd.');
  expect(await found('cgroup driver', {})).toBe('OK It is cgroupfs.');
});

it('the doctor sees no-cgroups set against the engine, with the line’s number, and says what it has to be', async () => {
  const text = (line: string) =>
    `[nvidia-container-runtime]\nno-cgroups = true\n\n[nvidia-container-cli]\n${line}\n`;
  const on = machine({ toolkit: text('no-cgroups = true # for rootless') });
  expect(await found('no-cgroups', { files: on })).toMatch(
    new RegExp(
      `^FAIL Line 5 of ${on.toolkit} is no-cgroups = true: .* -> In ${on.toolkit}, below \\[nvidia-container-cli\\]: no-cgroups = false$`,
    ),
  );
  const commented = machine({ toolkit: text('#no-cgroups = true') });
  expect(await found('no-cgroups', { files: commented })).toBe('OK It is false, as the engine needs it.');
  const rootless = { SecurityOptions: ['name=seccomp', 'name=rootless'] };
  expect(await found('no-cgroups', { files: commented, info: rootless })).toMatch(
    /^FAIL \S+ does not set it, and an engine without root .* no-cgroups = true$/,
  );
  expect(await found('no-cgroups', { files: on, info: rootless })).toBe(
    'OK It is true, as the engine needs it.',
  );
  expect(await found('no-cgroups', { files: on, needsGpu: null })).toMatch(/^OK Not needed: /);
  expect(await found('no-cgroups', {})).toMatch(
    /^OK There is no \S+ that this user can read.*: its default is false\.$/,
  );
});

it('the doctor sees memory that hugepages take from jobs, and the file that sets it', async () => {
  const files = machine({ meminfo: memory(15_000, 14_000), sysctl: 'vm.nr_hugepages = 15000\n' });
  expect(await found('hugepages', { files })).toBe(
    `WARN 15000 of 2048 kB are reserved (HugePages_Total in ${files.meminfo}), 14000 of them are free: ` +
      '29.4 GB of memory that jobs are promised and cannot have. -> Unless another program of the machine needs them: ' +
      `vm.nr_hugepages = 0 in ${files.sysctl[0]}/60-pages.conf, then sysctl --system`,
  );
  const byHand = machine({ meminfo: memory(10, 10), sysctl: '# vm.nr_hugepages = 15000\n' });
  expect(await found('hugepages', { files: byHand })).toMatch(/: sysctl -w vm\.nr_hugepages=0$/);
  expect(await found('hugepages', { files: machine({ meminfo: memory(10, 0) }) })).toMatch(
    /^WARN .* after the next start, .* -> In \/etc\/sysctl\.d\/60-hugepages\.conf: vm\.nr_hugepages = 10$/,
  );
  const used = machine({ meminfo: memory(10, 0), sysctl: 'vm.nr_hugepages=10' });
  expect(await found('hugepages', { files: used })).toMatch(/^OK .*: another program uses them\.$/);
  expect(await found('hugepages', {})).toBe('OK None are reserved, and jobs need none.');
});

it('the doctor sees a sysbox that is missing, in the wrong place, or on an old kernel', async () => {
  const environment = { JOB_RUNTIME: 'sysbox-runc' };
  const installed = { runc: {}, 'sysbox-runc': {} };
  expect(await found('sysbox', { environment })).toMatch(
    /^FAIL JOB_RUNTIME asks for sysbox-runc, .* -> Install sysbox-ce, .* In \S+daemon\.json: "runtimes": \{"sysbox-runc": /,
  );
  expect(await found('sysbox', { info: { Runtimes: installed, DefaultRuntime: 'sysbox-runc' } })).toMatch(
    /^WARN It is the default runtime .* -> In \S+daemon\.json: "default-runtime": "runc"; /,
  );
  const old = { Runtimes: installed, KernelVersion: '5.15.0-119-generic' };
  expect(await found('sysbox', { environment, info: old })).toMatch(
    /^WARN The kernel is 5\.15\.0-119-generic; sysbox is made for 6\.5 and newer\. -> .*linux-generic-hwe-22\.04/,
  );
  expect(await found('sysbox', { environment, info: { Runtimes: installed } })).toBe(
    'OK The engine has it, for jobs.',
  );
  expect(await found('sysbox', { info: old })).toBe('OK The engine has it; jobs do not use it.');
  expect(await found('sysbox', {})).toBe('OK Not there, and no job needs it.');
});

const listed = 'GPU 0: NVIDIA RTX A6000 (UUID: GPU-5f3c6a1e-0d1b-7c2a-9b1e-2f4d5a6b7c8d)';
const hook = (version: string) => `NVIDIA Container Runtime Hook version ${version}`;
/** In place of a GPU: a device of another kind under its name. */
const access = {
  Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/nvidia0', CgroupPermissions: 'rw' }],
};

/** What is found of a GPU machine whose NVIDIA programs print this, and end so. */
async function nvidia({ smi = listed, code = 0, toolkit = '1.17.8', devices = access as object }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-doctor-nvidia-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  for (const [name, text, exit] of [
    ['nvidia-smi', smi, code],
    ['nvidia-container-toolkit', hook(toolkit), 0],
  ] as const)
    writeFileSync(path.join(folder, name), `#!/bin/sh\ncat <<'END'\n${text}\nEND\nexit ${exit}\n`, {
      mode: 0o755,
    });
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const info = { ...plain, Runtimes: { nvidia: { path: `${folder}/nvidia-container-runtime` } } };
  const { verdict, says, fix } = await checkNvidiaRuntime({}, info, gpu, machine(), devices);
  return `${verdict} ${says}${fix === null ? '' : ` -> ${fix}`}`;
}

it('the doctor sees a driver, a toolkit and a runtime that bring no GPU to jobs, and what mends each', async () => {
  expect(await nvidia({})).toBe('OK Containers get the GPUs, by a toolkit that is 1.17.8 or newer.');
  expect(await nvidia({ toolkit: '1.16.2' })).toMatch(
    /^FAIL .*toolkit 1\.16\.2 .* -> Run: apt-get install --only-upgrade nvidia-container-toolkit /,
  );
  expect(
    await nvidia({ smi: 'Failed to initialize NVML: Driver/library version mismatch', code: 9 }),
  ).toMatch(
    /^FAIL nvidia-smi failed .* -> The driver was updated and the old one still runs: reboot\..*purge/,
  );
  expect(await nvidia({ smi: 'No devices were found', code: 6 })).toMatch(
    /^FAIL nvidia-smi failed .* -> Install the driver /,
  );
  expect(await nvidia({ devices: {} })).toMatch(
    /^FAIL The NVIDIA runtime brings no GPU into a container.* -> Try it by hand: docker run --rm --runtime=nvidia /,
  );
  expect(await nvidia({ smi: `${listed}\nWARNING: infoROM is corrupted at gpu 0`, code: 14 })).toMatch(
    /^WARN nvidia-smi warns: WARNING: infoROM is corrupted at gpu 0\. -> /,
  );
});

it('the doctor needs no NVIDIA runtime where no executor has a GPU', async () => {
  const there = { ...plain, Runtimes: { nvidia: {} } };
  const says = async (info: EngineInfo) => (await checkNvidiaRuntime({}, info, null, machine())).says;
  expect(await says(there)).toBe('There, and no executor of the machine needs it.');
  expect(await says(plain)).toBe('Not there, and no executor of the machine needs it.');
});

it('the doctor sees a runtime that Docker has not read yet', async () => {
  const daemon = '{"runtimes": {"nvidia": {"path": "nvidia-container-runtime", "args": []}}}';
  const files = machine({ daemon });
  const { says, fix } = await checkNvidiaRuntime({}, plain, gpu, files);
  expect(says).toMatch(new RegExp(`has no runtime nvidia .* ${files.daemon} has it already\\.$`));
  expect(fix).toContain('systemctl restart docker');
});
