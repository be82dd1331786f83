import type Docker from 'dockerode';
import { bytes } from '@horde/protocol';
import { failures } from '../failures.ts';
import { engineError, fromEngine } from './engine.ts';

const GiB = 2 ** 30;

/** What the operator of a machine sets for every job on it. A limit that is left out, or null, has its default. */
export interface ContainerLimits {
  /**
   * Bytes of memory, page cache and /dev/shm included; the job gets no swap.
   *
   * @default the machine's less 5 %, and less 1 GiB at least (of a machine with under 2 GiB: half)
   */
  memoryBytes?: number | null;
  /** Processors, fractions allowed; more than there are means all. @default the machine's less 0.2 */
  cpus?: number | null;
  /** Processes and threads. @default 4096 */
  pids?: number | null;
  /** Bytes of /dev/shm, which count as memory too. @default half of `memoryBytes` */
  shmBytes?: number | null;
  /** Leave the job no capability at all, even as root. @default false: Docker's usual ones less three */
  dropAllCapabilities?: boolean;
  /**
   * The image's files cannot be changed; /tmp is empty, in memory. /volume, /output and the artifacts stay writable.
   *
   * @default false
   */
  readOnlyRoot?: boolean;
  /**
   * What the engine runs the job with, as the engine names it: runc, crun, sysbox-runc, kata. With one set, GPUs are
   * asked of it, not of the runtime `nvidia`.
   *
   * @default null: the engine's own default; where that is one of NVIDIA's, runc for jobs without GPUs
   */
  runtime?: string | null;
  /** Run `nvidia_all` jobs without GPUs (ComputeHorde's DEBUG_NO_GPU_MODE). @default false */
  noGpu?: boolean;
  /**
   * The GPUs that jobs with GPUs get, whatever they ask for: indices, or UUIDs of GPUs and of parts of them (MIG).
   *
   * @default all of the machine
   */
  gpus?: string[] | null;
}

/** What a Docker engine has to give. */
export interface EngineFacts {
  memoryBytes: number;
  cpus: number;
  /** Names that `ContainerLimits.runtime` may have. */
  runtimes: string[];
  /** The runtime of containers that name none. */
  defaultRuntime: string;
  /** Where the engine keeps containers' files, on the engine's machine. */
  root: string;
  /** Whether the engine reaches registries through a proxy. */
  hasProxy: boolean;
}

const known = new WeakMap<Docker, Promise<EngineFacts>>();

/** Asked once per engine: it takes the engine tens of milliseconds. */
export function engineFacts(docker: Docker): Promise<EngineFacts> {
  let facts = known.get(docker);
  if (!facts) {
    facts = askEngine(docker);
    known.set(docker, facts);
    facts.catch(() => known.delete(docker));
  }
  return facts;
}

async function askEngine(docker: Docker): Promise<EngineFacts> {
  interface Info {
    MemTotal: number;
    NCPU: number;
    Runtimes?: Record<string, unknown>;
    DefaultRuntime: string;
    DockerRootDir: string;
    HttpProxy?: string;
    HttpsProxy?: string;
  }
  try {
    const info = await fromEngine(docker.info() as Promise<Info>, 'describe itself');
    return {
      memoryBytes: info.MemTotal,
      cpus: info.NCPU,
      runtimes: Object.keys(info.Runtimes ?? {}),
      defaultRuntime: info.DefaultRuntime,
      root: info.DockerRootDir,
      hasProxy: Boolean(info.HttpProxy || info.HttpsProxy),
    };
  } catch (error) {
    throw engineError(error);
  }
}

/** The limits with their defaults. */
export function resolveLimits(limits: ContainerLimits, engine: EngineFacts) {
  const { memoryBytes: total } = engine;
  const reserve = Math.min(Math.max(GiB, total / 20), total / 2);
  const memoryBytes = Math.floor(limits.memoryBytes ?? total - reserve);
  return {
    memoryBytes,
    cpus: Math.min(limits.cpus ?? engine.cpus - 0.2, engine.cpus), // the engine refuses more
    shmBytes: Math.floor(limits.shmBytes ?? memoryBytes / 2),
  };
}

/** Whether a runtime brings GPUs into containers: nvidia, nvidia-cdi, nvidia-legacy. */
export const isNvidia = (runtime: string | null): boolean => runtime?.startsWith('nvidia') ?? false;

/**
 * The runtime that a job's container asks for.
 *
 * @returns null: the engine's default
 */
export function jobRuntime(
  { runtime }: ContainerLimits,
  { defaultRuntime }: Pick<EngineFacts, 'defaultRuntime'>,
  gpu: boolean,
): string | null {
  return runtime ?? (gpu ? 'nvidia' : isNvidia(defaultRuntime) ? 'runc' : null);
}

/**
 * Whether the engine can run a job as the operator and the job ask.
 *
 * @throws HordeError: the machine's trouble, not the job's
 */
export function checkRuntimes(limits: ContainerLimits, wantsGpu: boolean, { runtimes }: EngineFacts): void {
  const { runtime } = limits;
  // Names with dots are containerd's own; the engine does not list these.
  if (runtime && !runtime.includes('.') && !runtimes.includes(runtime)) {
    throw failures.RUNTIME_UNKNOWN(runtime, runtimes.join(', '));
  }
  if (wantsGpu && !limits.noGpu && !runtime && !runtimes.includes('nvidia')) {
    throw failures.NVIDIA_RUNTIME_MISSING();
  }
}

/** How a job's failure names the memory limit. */
export function outOfMemory(memoryBytes: number | undefined): string {
  if (!memoryBytes) return 'This machine ran out of memory, and a process of the job was killed.';
  const limit = `${bytes(memoryBytes)} of memory, the limit JOB_MEMORY_BYTES of this machine`;
  return `The job needed more than ${limit}, and a process of it was killed.`;
}
