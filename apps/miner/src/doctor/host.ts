import os from 'node:os';
import { fail, ok, warn, type Finding } from '@horde/commands';
import type { ExecutorClass } from '@horde/protocol';
import type { EngineInfo } from './engine.ts';
import { readDaemonConfig, sysctlFile, tomlLine, type HostFiles } from './host-files.ts';

/** The oldest kernel that sysbox is told to work on. */
const sysboxKernel = [6, 5] as const;
/** Of a machine that users of a GPU are content with. @unit cores, bytes */
const leastCores = 4;
const leastMemory = 16e9;

interface Host {
  info: EngineInfo;
  /** A class of the machine that has a GPU; null: none has. */
  needsGpu: ExecutorClass | null;
  /** Of executors. */
  environment: Record<string, string | undefined>;
  files: HostFiles;
}

/** Looks at the settings of a machine that decide over its containers; changes none of them. */
export async function checkHost(host: Host): Promise<Finding[]> {
  return [
    await daemonConfig(host),
    cgroupDriver(host),
    await noCgroups(host),
    await hugepages(host),
    sysbox(host),
    await machine(host),
  ];
}

async function daemonConfig({ files }: Host): Promise<Finding> {
  const check = 'daemon.json';
  const { text, problem } = await readDaemonConfig(files);
  if (problem !== null)
    return fail(
      check,
      `${files.daemon} is no JSON: ${problem}. Docker does not start with it again.`,
      `Mend it, and let Docker read it: dockerd --validate --config-file ${files.daemon}`,
    );
  return ok(
    check,
    text === null ? 'Not there, or not for this user: Docker has its defaults.' : 'It can be read.',
  );
}

function cgroupDriver({ info: { CgroupDriver: driver = 'unknown' }, needsGpu, files }: Host): Finding {
  const check = 'cgroup driver';
  if (needsGpu === null || driver !== 'systemd') return ok(check, `It is ${driver}.`);
  return warn(
    check,
    'It is systemd ("docker info"): whenever systemd is reloaded, containers that run lose their GPUs (nvidia-smi there: Failed to initialize NVML).',
    `In ${files.daemon}: "exec-opts": ["native.cgroupdriver=cgroupfs"]; then, once no job runs: systemctl restart docker`,
  );
}

/** With it the toolkit leaves out the right to use the devices that it brings into a container. */
async function noCgroups({ info, needsGpu, files }: Host): Promise<Finding> {
  const check = 'no-cgroups';
  const file = files.toolkit;
  if (needsGpu === null) return ok(check, 'Not needed: no executor of the machine has a GPU.');
  const text = await files.read(file);
  if (text === null)
    return ok(
      check,
      `There is no ${file} that this user can read${files.inContainer ? ' (this runs in a container)' : ''}: its default is false.`,
    );
  const line = tomlLine(text, 'nvidia-container-cli', 'no-cgroups');
  const isOn = line?.value === 'true';
  const isRootless = info.SecurityOptions?.some((option) => option.includes('rootless')) ?? false;
  if (isOn === isRootless) return ok(check, `It is ${isOn}, as the engine needs it.`);
  const where =
    line === null
      ? `${file} does not set it`
      : `Line ${line.number} of ${file} is no-cgroups = ${line.value}`;
  return fail(
    check,
    isRootless
      ? `${where}, and an engine without root cannot start a container with GPUs so.`
      : `${where}: containers see the GPUs and may not use them (nvidia-smi there: Failed to initialize NVML).`,
    `In ${file}, below [nvidia-container-cli]: no-cgroups = ${isRootless}`,
  );
}

/** Memory that is set aside for programs that ask for large pages; a job's container cannot have it. */
async function hugepages({ files }: Host): Promise<Finding> {
  const check = 'hugepages';
  const fact = await memoryFacts(files);
  const [total, free, size] = [fact('HugePages_Total'), fact('HugePages_Free'), fact('Hugepagesize')];
  const setIn = await sysctlFile(files, 'vm.nr_hugepages');
  if (total === 0) return ok(check, 'None are reserved, and jobs need none.');
  const gigabytes = ((free * size * 1024) / 1e9).toFixed(1);
  const says = `${total} of ${size} kB are reserved (HugePages_Total in ${files.meminfo}), ${free} of them are free`;
  if (free === 0 && setIn) return ok(check, `${says}: another program uses them.`);
  if (free === 0)
    return warn(
      check,
      `${says}: the program that uses them will not have them after the next start, since no file sets them.`,
      `In /etc/sysctl.d/60-hugepages.conf: vm.nr_hugepages = ${total}`,
    );
  const fix = `Unless another program of the machine needs them: ${
    setIn ? `vm.nr_hugepages = 0 in ${setIn}, then sysctl --system` : 'sysctl -w vm.nr_hugepages=0'
  }`;
  return warn(check, `${says}: ${gigabytes} GB of memory that jobs are promised and cannot have.`, fix);
}

function sysbox({ info, environment, files }: Host): Finding {
  const check = 'sysbox';
  const { DefaultRuntime: byDefault, Runtimes: runtimes, KernelVersion: kernel = os.release() } = info;
  const isWanted = (environment['JOB_RUNTIME'] ?? '').includes('sysbox-runc');
  if (!Object.hasOwn(runtimes, 'sysbox-runc')) {
    if (!isWanted) return ok(check, 'Not there, and no job needs it.');
    const fix = `Install sysbox-ce, or unset JOB_RUNTIME. In ${files.daemon}: "runtimes": {"sysbox-runc": {"path": "/usr/bin/sysbox-runc"}}; then systemctl restart docker`;
    return fail(
      check,
      'JOB_RUNTIME asks for sysbox-runc, and the engine has no such runtime ("docker info").',
      fix,
    );
  }
  if (byDefault === 'sysbox-runc')
    return warn(
      check,
      'It is the default runtime ("docker info"): executors run in it, too, although they use the socket of the machine’s engine.',
      `In ${files.daemon}: "default-runtime": "runc"; then systemctl restart docker. Jobs get sysbox by JOB_RUNTIME=sysbox-runc`,
    );
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part));
  if (isWanted && (major < sysboxKernel[0] || (major === sysboxKernel[0] && minor < sysboxKernel[1])))
    return warn(
      check,
      `The kernel is ${kernel}; sysbox is made for ${sysboxKernel.join('.')} and newer.`,
      'On Ubuntu 22.04 run: apt-get install linux-generic-hwe-22.04, and reboot.',
    );
  return ok(check, isWanted ? 'The engine has it, for jobs.' : 'The engine has it; jobs do not use it.');
}

async function machine({ info, needsGpu, files }: Host): Promise<Finding> {
  const check = 'machine';
  const cores = info.NCPU ?? os.availableParallelism();
  const memory = (await memoryFacts(files))('MemTotal') * 1024;
  const says = `${cores} cores, ${(memory / 1e9).toFixed(0)} GB of memory`;
  if (needsGpu === null || (cores >= leastCores && memory >= leastMemory)) return ok(check, `${says}.`);
  const fix = `Jobs of ${needsGpu} are made for ${leastCores} cores and ${leastMemory / 1e9} GB or more: a smaller machine lets them fail.`;
  return warn(check, `${says}: little for ${needsGpu}.`, fix);
}

/** What the kernel tells of the memory, by names; 0 where it does not. @unit kB, or how many */
async function memoryFacts({ meminfo, read }: HostFiles): Promise<(name: string) => number> {
  const text = (await read(meminfo)) ?? '';
  return (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}
