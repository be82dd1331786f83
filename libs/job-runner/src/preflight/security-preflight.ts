import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import { jobProfile } from '../docker/container-options.ts';
import { engineSays } from '../docker/engine-says.ts';
import { type ContainerLimits, isNvidia, jobRuntime } from '../docker/limits.ts';
import { ownerLabels } from '../docker/owner.ts';
import { toolsImage } from '../docker/tools-image.ts';
import { probeText, probeEscape } from './escape-probe.ts';
import { checkNvidia, checkToolkitOf, newerVersion, oldestToolkit } from './nvidia.ts';
import type { NvidiaEngine } from './nvidia-smi.ts';
import { isRemembered, remember } from './remembered.ts';
import { SecurityCheckFailed } from './security-check-failed.ts';

export interface SecurityPreflightOptions {
  /** The job that the machine is checked for; labels what the check makes. */
  jobUuid: string;
  /** Whether the job gets GPUs. */
  gpu: boolean;
  /** What the operator sets for jobs: the check runs with the same profile. */
  limits: ContainerLimits;
  /** The oldest NVIDIA container toolkit that will do; one before 1.17.8 never does. @default 1.17.8 */
  toolkit?: string;
  /** Told what is odd about a machine that passes. */
  warn?: (sentence: string) => void;
  /** Keeps the memory of checks that passed, in a folder that only this user can write. The engine need not see it. */
  cacheFolder: string;
  signal: AbortSignal;
}

/** The part of the engine's own description that the checks depend on. */
interface Engine extends NvidiaEngine {
  ID: string;
  ServerVersion: string;
  DefaultRuntime: string;
  SecurityOptions?: string[];
}

/**
 * Checks that a job could not get out of its container on this machine: by CVE-2022-0492, and where its runtime is
 * NVIDIA's by the NVIDIA container toolkit. For a job with GPUs these have to work as well. No image is pulled for it. A check that passed is believed for
 * an hour, as long as neither the engine, nor the profile of jobs changes, nor the machine starts anew.
 *
 * @throws SecurityCheckFailed, the signal's reason, or what the engine's client throws when the engine is not there
 */
export async function securityPreflight(docker: Docker, options: SecurityPreflightOptions): Promise<void> {
  const { jobUuid, limits, cacheFolder, warn, signal } = options;
  const toolkit = newerVersion(options.toolkit ?? oldestToolkit, oldestToolkit);
  const gpu = options.gpu && !limits.noGpu;
  const engine = (await docker.info()) as Engine;
  const facts = { defaultRuntime: engine.DefaultRuntime };
  // Of the runtime for GPUs only the toolkit is looked at: it needs none to be asked.
  const profile = jobProfile(limits, facts, false);
  const key = await keyOf(engine, profile, gpu && (limits.gpus ?? 'all'), toolkit);
  signal.throwIfAborted();
  if (await isRemembered(cacheFolder, key)) return;
  const labels = await ownerLabels(jobUuid, { docker });
  const image = await toolsImage(docker).catch((error: unknown) => {
    throw new SecurityCheckFailed(
      `The machine's isolation cannot be checked: ${engineSays(error)}`,
      undefined,
      {
        cause: error,
      },
    );
  });
  const nvidia = { labels, runtime: limits.runtime, gpus: limits.gpus, toolkit, warn, signal };
  await Promise.all([
    probeEscape(docker, image, profile, { labels, signal }),
    gpu && checkNvidia(docker, engine, image, nvidia),
    !gpu && isNvidia(jobRuntime(limits, facts, false)) && checkToolkitOf(docker, engine, nvidia),
  ]);
  await remember(cacheFolder, key);
}

/** Names all that a check's result depends on. */
async function keyOf(
  engine: Engine,
  profile: Docker.HostConfig,
  gpus: string[] | 'all' | false,
  toolkit: string,
): Promise<string> {
  const { ID, ServerVersion, DefaultRuntime, SecurityOptions, Runtimes } = engine;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  const facts = [ID, ServerVersion, DefaultRuntime, SecurityOptions, Runtimes, boot, profile, gpus];
  return createHash('sha256')
    .update(JSON.stringify([...facts, probeText, toolkit]))
    .digest('hex');
}
