import { fail, ok, fullReasonOf, warn, type Finding } from '@horde/commands';
import type { MinerSettings } from '../settings.ts';
import { engine, engineInfo, engineSocket, type EngineInfo } from './engine.ts';
import type { ExecutorPlaces } from './servers.ts';

/** The oldest that the executor was tried with. */
const oldestVersion = 20;
type Environment = Record<string, string | undefined>;

/** Looks at this machine's Docker engine, and for the executors' image. @returns also what the engine says; null: nothing */
export async function checkDocker(
  settings: MinerSettings,
  environment: Environment,
  { kind, here }: ExecutorPlaces,
): Promise<{ findings: Finding[]; info: EngineInfo | null }> {
  const check = 'docker';
  if (kind === 'docker' && here.length === 0)
    return { findings: [ok(check, 'Not needed: no executor runs on this machine.')], info: null };
  try {
    const info = await engineInfo(engine(environment));
    const findings = [engineVerdict(info)];
    if (kind === 'docker') findings.push(await image(settings, environment));
    return { findings, info };
  } catch (error) {
    const says = `The engine does not answer: ${fullReasonOf(error)}.`;
    if (environment['JOB_RUNNER'] === 'process') {
      const fix = 'Unset JOB_RUNNER, and install Docker: plain processes are not isolated from this machine.';
      return { findings: [warn(check, says, fix)], info: null };
    }
    return { findings: [fail(check, says, remedy(error, environment))], info: null };
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

/** What is to be said of an engine by its version and storage. */
export function engineVerdict({ ServerVersion, Driver, CgroupVersion }: EngineInfo): Finding {
  const check = 'docker';
  const says = `Docker ${ServerVersion}, storage ${Driver}, cgroup v${CgroupVersion ?? '1'}.`;
  if (Number.parseInt(ServerVersion) < oldestVersion)
    return fail(check, says, `Install Docker ${oldestVersion}.10 or newer.`);
  if (Driver !== 'overlay2' && Driver !== 'overlayfs')
    return warn(check, says, 'Use the storage driver overlay2: others are slow, or cannot be limited.');
  return ok(check, says);
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
