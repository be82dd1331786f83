import { oldestToolkit } from '@horde/job-runner';
import { executorClasses, type ExecutorClass } from '@horde/protocol';
import { fail, ok, fullReasonOf, warn, type Finding } from '@horde/commands';
import type { MinerSettings } from '../settings.ts';
import { engine, engineSocket } from './engine.ts';
import type { ExecutorPlaces } from './servers.ts';

/** The oldest that the executor was tried with. */
const oldestVersion = 20;
/** How long the engine may take to answer. @unit ms */
const patience = 10_000;

interface EngineInfo {
  ServerVersion: string;
  Driver: string;
  CgroupVersion?: string;
  DockerRootDir: string;
  Runtimes: Record<string, unknown>;
}

type Environment = Record<string, string | undefined>;

/**
 * Looks at this machine's Docker engine, at its NVIDIA runtime, and for the executors' image.
 *
 * @returns also the folder that the engine's data is in; null: not known
 */
export async function checkDocker(
  settings: MinerSettings,
  environment: Environment,
  { kind, here }: ExecutorPlaces,
): Promise<{ findings: Finding[]; root: string | null }> {
  const check = 'docker';
  if (kind === 'docker' && here.length === 0)
    return { findings: [ok(check, 'Not needed: no executor runs on this machine.')], root: null };
  try {
    const info = await engineInfo(environment);
    const findings = [verdict(info), nvidia(info, settings, here)];
    if (kind === 'docker') findings.push(await image(settings, environment));
    return { findings, root: info.DockerRootDir };
  } catch (error) {
    const says = `The engine does not answer: ${fullReasonOf(error)}.`;
    if (environment['JOB_RUNNER'] === 'process') {
      const fix = 'Unset JOB_RUNNER, and install Docker: plain processes are not isolated from this machine.';
      return { findings: [warn(check, says, fix)], root: null };
    }
    return { findings: [fail(check, says, remedy(error, environment))], root: null };
  }
}

async function engineInfo(environment: Environment): Promise<EngineInfo> {
  const docker = engine(environment);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${patience / 1000} s`)), patience);
  try {
    return (await Promise.race([docker.info(), late])) as EngineInfo;
  } finally {
    clearTimeout(timer);
  }
}

function remedy(error: unknown, environment: Environment): string {
  const socket = engineSocket(environment);
  const { code } = error as { code?: string };
  if (code === 'EACCES' && socket)
    return `Let this user use ${socket}: add it to the group docker, and log in again.`;
  if (code === 'ENOENT' && socket)
    return `There is no ${socket}: install Docker (apt-get install docker.io) or start it, or set DOCKER_HOST.`;
  return 'Start Docker (systemctl start docker), and look at its log (journalctl -u docker).';
}

function verdict({ ServerVersion, Driver, CgroupVersion }: EngineInfo): Finding {
  const check = 'docker';
  const says = `Docker ${ServerVersion}, storage ${Driver}, cgroup v${CgroupVersion ?? '1'}.`;
  if (Number.parseInt(ServerVersion) < oldestVersion)
    return fail(check, says, `Install Docker ${oldestVersion}.10 or newer.`);
  if (Driver !== 'overlay2' && Driver !== 'overlayfs')
    return warn(check, says, 'Use the storage driver overlay2: others are slow, or cannot be limited.');
  return ok(check, says);
}

function nvidia({ Runtimes }: EngineInfo, { debugNoGpuMode }: MinerSettings, here: ExecutorClass[]): Finding {
  const check = 'nvidia runtime';
  if (debugNoGpuMode) return ok(check, 'Not needed: DEBUG_NO_GPU_MODE is on.');
  if (Object.hasOwn(Runtimes, 'nvidia')) {
    const says = `The engine has it; before each job the executor looks whether its toolkit is ${oldestToolkit} or newer: `;
    return ok(check, `${says}jobs get out of their container through older ones (CVE-2025-23266).`);
  }
  const needs = here.find((name) => executorClasses[name].hasGpu);
  if (!needs) return ok(check, 'Not there, and no executor of this machine needs it.');
  const fix =
    `Install nvidia-container-toolkit ${oldestToolkit} or newer (jobs get out of their container through older ones, ` +
    'CVE-2025-23266), run `nvidia-ctk runtime configure --runtime=docker`, and restart Docker.';
  return fail(check, `The engine has no runtime nvidia, and ${needs} needs a GPU.`, fix);
}

async function image({ executorImage }: MinerSettings, environment: Environment): Promise<Finding> {
  const check = 'executor image';
  try {
    await engine(environment).getImage(executorImage).inspect();
    return ok(check, `${executorImage} is there.`);
  } catch (error) {
    const fix = `Fetch it (docker pull ${executorImage}) or build it, or set EXECUTOR_IMAGE; the miner fetches it when it starts, where it can.`;
    return warn(check, `${executorImage} is not on this machine: ${fullReasonOf(error)}.`, fix);
  }
}
