import type Docker from 'dockerode';

import { artifactsTarget } from '../artifacts-dir.ts';
import type { JobFolders, JobSpec } from '../runner.ts';
import { fullReference } from './images.ts';

/** What the operator of a machine sets for every job on it. */
export interface ContainerLimits {
  /** Bytes of memory, swap included; null: the machine's. @default null */
  memoryBytes?: number | null;
  /** Processors, fractions allowed; null: all. @default null */
  cpus?: number | null;
  /** Processes and threads. @default 4096 */
  pids?: number;
  /** Run `nvidia_all` jobs without GPUs (ComputeHorde's DEBUG_NO_GPU_MODE). @default false */
  noGpu?: boolean;
}

/** A job's container as ComputeHorde's executor makes it, less what a job does not need. */
export function containerOptions(
  name: string,
  spec: JobSpec,
  folders: JobFolders,
  labels: Record<string, string>,
  limits: ContainerLimits,
): Docker.ContainerCreateOptions {
  const mount = (Source: string, Target: string): Docker.MountSettings => ({ Type: 'bind', Source, Target });
  const mounts = [mount(folders.volume, '/volume'), mount(folders.output, '/output')];
  if (spec.artifactsDir) mounts.push(mount(folders.artifacts, artifactsTarget(spec.artifactsDir)));
  return {
    name,
    Image: fullReference(spec.image),
    ...(spec.command.length > 0 && { Cmd: spec.command }),
    Env: [...spec.env].map(([key, value]) => `${key}=${value}`),
    Labels: labels,
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      NetworkMode: 'none',
      Mounts: mounts,
      // The output is read as it comes; the engine would store it a second time, without a limit.
      LogConfig: { Type: 'none', Config: {} },
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['NET_RAW', 'MKNOD', 'AUDIT_WRITE'],
      PidsLimit: limits.pids ?? 4096,
      ...(limits.memoryBytes && { Memory: limits.memoryBytes, MemorySwap: limits.memoryBytes }),
      ...(limits.cpus && { NanoCpus: Math.round(limits.cpus * 1e9) }),
      ...(spec.gpu === 'nvidia_all' &&
        !limits.noGpu && {
          Runtime: 'nvidia',
          DeviceRequests: [{ Driver: 'nvidia', Count: -1, Capabilities: [['gpu']] }],
        }),
    },
  };
}
