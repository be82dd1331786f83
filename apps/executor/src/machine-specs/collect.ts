import { readFile, statfs } from 'node:fs/promises';
import { cpus } from 'node:os';
import type * as JobRunnerLibrary from '@horde/job-runner';
import { JsonFloat, type MachineDescription } from '@horde/protocol';
import type Docker from 'dockerode';
import { orAborted } from '@horde/async';
import { parseCpuInfo } from './cpu.ts';
import { gpuFields, parseGpus } from './gpus.ts';
import { parseMemInfo } from './memory.ts';
import { parseOsRelease } from './os.ts';
import { virtualMachine } from './virtualization.ts';

/** The machine, with what ComputeHorde's peers do not ask for and pass over. */
interface MachineSpecsFacts extends Partial<MachineDescription> {
  /** `machine`: systemd's name for the kind of virtual machine, `none` on metal. `container`: that this runs in. */
  virtualization?: { machine: string; container: string };
  docker?: {
    version: string;
    storage_driver: string;
    cgroup_version: string;
    runtimes: string[];
    default_runtime: string;
    security_options: string[];
  };
  virtualization_scrape_error?: string;
  docker_scrape_error?: string;
}

/** What goes as `specs` into a MachineSpecs message, through `toJsonValue`: nested twice, as on the wire. */
export interface MachineSpecsPayload {
  specs: MachineSpecsFacts;
}

export interface MachineSpecsOptions {
  library: Pick<typeof JobRunnerLibrary, 'runNvidiaSmi' | 'ownerLabels' | 'hasWarnings' | 'warningOf'>;
  /** Labels what has to be started on the engine. */
  jobUuid: string;
  /** Its disk is the one that is reported. */
  jobFolder: string;
  /** The GPUs that are told: those that jobs here get. */
  gpus: string[] | 'all' | 'none';
  /** Told what is odd about GPUs that can be used. */
  warn: (sentence: string) => void;
  signal: AbortSignal;
}

/** What the engine reports of itself, as far as it is passed on. */
interface Engine {
  ServerVersion: string;
  OperatingSystem: string;
  Driver: string;
  CgroupVersion?: string;
  Runtimes?: Record<string, { path?: string }>;
  DefaultRuntime: string;
  SecurityOptions?: string[];
}

/**
 * Finds out what this machine is. Never fails: a part that cannot be found out is left out, and the key
 * `{part}_scrape_error` says why.
 *
 * @param docker null: the executor has no engine
 */
export async function collectMachineSpecs(
  docker: Docker | null,
  options: MachineSpecsOptions,
): Promise<MachineSpecsPayload> {
  const engine: Promise<Engine | null> = docker
    ? orAborted(docker.info() as Promise<Engine>, options.signal)
    : Promise.resolve(null);
  const parts: { [Part in keyof MachineSpecsFacts]?: () => Promise<MachineSpecsFacts[Part]> } = {
    gpu: () => gpuSpecs(docker, engine, options),
    cpu: cpuSpecs,
    ram: async () => parseMemInfo(await readText('/proc/meminfo')),
    hard_disk: () => diskSpecs(options.jobFolder),
    os: async () =>
      (await engine.catch(() => null))?.OperatingSystem || parseOsRelease(await readText('/etc/os-release')),
    virtualization: async () => ({ machine: await machineKind(), container: await containerKind() }),
    docker: async () => {
      const described = await engine;
      return described ? dockerSpecs(described) : undefined;
    },
  };
  const found = Object.entries(parts).map(async ([part, find]) => {
    try {
      return [part, await find()];
    } catch (error) {
      return [`${part}_scrape_error`, error instanceof Error ? error.message : String(error)];
    }
  });
  const specs = (await Promise.all(found)).filter(([, value]) => value !== undefined);
  return { specs: Object.fromEntries(specs) as MachineSpecsFacts };
}

async function gpuSpecs(
  docker: Docker | null,
  engine: Promise<Engine | null>,
  { library, jobUuid, gpus, warn, signal }: MachineSpecsOptions,
) {
  if (gpus === 'none') return { count: 0, details: [] };
  // An engine that does not answer brings no GPU into a container; this machine's own nvidia-smi needs none.
  const described = await engine.catch(() => null);
  const answering = described ? docker : null;
  const labels = answering ? await library.ownerLabels(jobUuid, { docker: answering }) : {};
  const ask = (fields: string[]) =>
    library.runNvidiaSmi(answering, described ?? {}, [`--query-gpu=${fields.join()}`, '--format=csv'], {
      labels,
      gpus: gpus === 'all' ? null : gpus,
      signal,
    });
  let run = await ask(gpuFields);
  if (run && `${run.stdout}${run.stderr}`.includes('is not a valid field'))
    run = await ask(gpuFields.filter((field) => field !== 'compute_cap'));
  if (!run) return { count: 0, details: [] };
  if (run.exitCode === library.hasWarnings) warn(`nvidia-smi warns: ${library.warningOf(run)}`);
  if (run.exitCode === 0 || run.exitCode === library.hasWarnings || /no devices/i.test(run.stdout)) {
    const details = parseGpus(run.stdout);
    return { count: details.length, details };
  }
  throw new Error(`nvidia-smi failed (exit code ${run.exitCode}): ${run.stderr.trim() || run.stdout.trim()}`);
}

async function cpuSpecs() {
  const { count, model, clocks } = parseCpuInfo(await readText('/proc/cpuinfo'));
  const seen = cpus(); // knows the names of arm64 processors
  return {
    count,
    model: model ?? seen[0]?.model ?? 'unknown',
    clocks: clocks.map((clock) => new JsonFloat(clock)),
  };
}

async function diskSpecs(folder: string) {
  const { blocks, bfree, bavail, bsize } = await statfs(folder);
  const kibibytes = (count: number) => Math.floor((count * bsize) / 1024);
  return { total: kibibytes(blocks), used: kibibytes(blocks - bfree), free: kibibytes(bavail) };
}

function dockerSpecs(engine: Engine): MachineSpecsFacts['docker'] {
  return {
    version: engine.ServerVersion,
    storage_driver: engine.Driver,
    cgroup_version: engine.CgroupVersion ?? '1',
    runtimes: Object.keys(engine.Runtimes ?? {}),
    default_runtime: engine.DefaultRuntime,
    security_options: engine.SecurityOptions ?? [],
  };
}

async function machineKind(): Promise<string> {
  const names = ['product_name', 'sys_vendor', 'board_vendor', 'bios_vendor', 'product_version'];
  const firmware = await Promise.all(names.map((name) => readOptional(`/sys/class/dmi/id/${name}`)));
  const { virtual } = parseCpuInfo(await readText('/proc/cpuinfo'));
  return virtualMachine({
    firmware: firmware.filter((text) => text !== null),
    virtualCpu: virtual,
    hypervisor: await readOptional('/sys/hypervisor/type'),
  });
}

async function containerKind(): Promise<string> {
  if ((await readOptional('/run/.containerenv')) !== null) return 'podman';
  return (await readOptional('/.dockerenv')) === null ? 'none' : 'docker';
}

const readText = (file: string) => readFile(file, 'utf8');
const readOptional = (file: string) =>
  readText(file).then(
    (text) => text.trim(),
    () => null,
  );
