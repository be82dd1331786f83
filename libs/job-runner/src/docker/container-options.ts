import type Docker from 'dockerode';
import { artifactsTarget } from '../artifacts-dir.ts';
import type { JobFolders, JobSpec } from '../runner.ts';
import { scriptPath, scriptFile } from '../script.ts';
import { checkedReference } from './image-reference.ts';
import { gpuRequest, visibleGpus } from './gpus.ts';
import { type ContainerLimits, type EngineFacts, jobRuntime, resolveLimits } from './limits.ts';

export interface ContainerNeeds {
  name: string;
  image: string;
  command: string[];
  labels: Record<string, string>;
  limits: ContainerLimits;
  engine: EngineFacts;
  /** Name of a Docker network; null: the loopback interface alone. */
  network: string | null;
}

/**
 * What keeps a job from the machine: the part of a container's options that a check of the machine's isolation has to
 * share with the jobs it speaks for.
 *
 * @param engine what the engine says of itself
 * @param gpu whether the job gets GPUs
 */
export function jobProfile(
  limits: ContainerLimits,
  engine: Pick<EngineFacts, 'defaultRuntime'>,
  gpu: boolean,
): Docker.HostConfig {
  const runtime = jobRuntime(limits, engine, gpu);
  return {
    SecurityOpt: ['no-new-privileges'],
    CapDrop: limits.dropAllCapabilities ? ['ALL'] : ['NET_RAW', 'MKNOD', 'AUDIT_WRITE'],
    PidsLimit: limits.pids ?? 4096,
    ...(limits.readOnlyRoot && {
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,exec,nosuid,nodev,mode=1777' },
    }),
    ...(runtime !== null && { Runtime: runtime }),
  };
}

/** A job's container as ComputeHorde's executor makes it, less what a job does not need. */
export function containerOptions(
  spec: JobSpec,
  folders: JobFolders,
  needs: ContainerNeeds,
): Docker.ContainerCreateOptions {
  const { limits } = needs;
  const { memoryBytes, cpus, shmBytes } = resolveLimits(limits, needs.engine);
  const gpu = spec.gpu === 'nvidia_all' && !limits.noGpu;
  const mount = (Source: string, Target: string): Docker.MountSettings => ({ Type: 'bind', Source, Target });
  const mounts = [mount(folders.volume, '/volume'), mount(folders.output, '/output')];
  if (spec.script !== null) mounts.push({ ...mount(scriptFile(folders), scriptPath), ReadOnly: true });
  if (spec.artifactsDir) mounts.push(mount(folders.artifacts, artifactsTarget(spec.artifactsDir)));
  return {
    name: needs.name,
    Image: checkedReference(needs.image),
    ...(needs.command.length > 0 && { Cmd: needs.command }),
    Env: [...environment(spec.env, gpu, limits)].map(([key, value]) => `${key}=${value}`),
    Labels: needs.labels,
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      ...jobProfile(limits, needs.engine, gpu),
      NetworkMode: needs.network ?? 'none',
      // Older engines pass on what their own name server is asked from an internal network (CVE-2024-29018).
      ...(needs.network !== null && { Dns: ['127.0.0.1'] }),
      Mounts: mounts,
      // The output is read as it comes; the engine would store it a second time, without a limit.
      LogConfig: { Type: 'none', Config: {} },
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      NanoCpus: Math.round(cpus * 1e9),
      ShmSize: shmBytes,
      ...(gpu && { DeviceRequests: [gpuRequest(limits.gpus, ['gpu'])] }),
    },
  };
}

/** Where something is mounted in a container with these options. */
export function mountTargets({ HostConfig = {} }: Docker.ContainerCreateOptions): string[] {
  const { Mounts = [], Tmpfs = {} } = HostConfig;
  return [...Mounts.map(({ Target }) => Target), ...Object.keys(Tmpfs as object)];
}

/**
 * NVIDIA's runtime gives GPUs to whoever asks by a variable, be it the image's: a job without GPUs asks for none, one
 * on a machine that is shared for its own.
 */
function environment(env: Map<string, string>, gpu: boolean, { gpus }: ContainerLimits): Map<string, string> {
  if (gpu && !gpus) return env;
  return new Map([...env, ['NVIDIA_VISIBLE_DEVICES', gpu ? visibleGpus(gpus) : 'void']]);
}
