import { fail, fullReasonOf, ok, warn, type Finding } from '@horde/commands';
import { checkGivesOwnGpus, type ServerSpec } from '@horde/executor-manager';
import { hasWarnings, runNvidiaSmi } from '@horde/job-runner';
import { executorClasses } from '@horde/protocol';
import { engine } from './engine.ts';
import { nvidiaRemedy } from './nvidia.ts';
import type { MinerSettings } from '../settings.ts';
import type { ExecutorPlaces } from './servers.ts';

const check = 'gpus';

/**
 * Looks at the GPUs that the servers' file gives executors: of this machine whether they are there, and whether the
 * executor's image gives jobs those and no others.
 */
export async function checkGpus(
  settings: MinerSettings,
  environment: Record<string, string | undefined>,
  { servers }: ExecutorPlaces,
): Promise<Finding[]> {
  const shared = servers.flatMap((server) => (sharesAll(server) ? server.name : []));
  const naming = servers.filter(({ gpus }) => gpus !== null);
  const findings = naming.map(({ name, gpus }) => ok(check, `${name}: ${gpus!.map(gpuList).join(', ')}.`));
  if (shared.length > 0) {
    const fix = 'Give each its own: a list gpus in DOCKER_EXECUTORS_CONFIG_PATH, such as gpus: [0, 1, 2, 3].';
    findings.push(warn(check, `Executors that run at once share all GPUs: ${shared.join(', ')}.`, fix));
  }
  const here = naming.find(({ ssh }) => ssh === null);
  if (!here) return findings;
  return [...findings, ...(await notThere(here)), ...(await givenToJobs(settings, environment, here))];
}

/** Several executors that have all GPUs each. */
const sharesAll = ({ gpus, executors, executorClass }: ServerSpec) =>
  gpus === null && executors > 1 && executorClasses[executorClass].hasGpu;

const gpuList = (gpus: string[]) => gpus.join('+');

async function notThere({ name, gpus }: ServerSpec): Promise<Finding[]> {
  try {
    const asked = { labels: {}, signal: AbortSignal.timeout(20_000) };
    const run = await runNvidiaSmi(null, {}, ['-L'], asked);
    if (!run) return [];
    const { exitCode, stdout, stderr } = run;
    if (exitCode !== 0 && exitCode !== hasWarnings) {
      const printed = `${stdout}${stderr}`.trim();
      throw new Error(`exit code ${exitCode}${printed === '' ? '' : `, ${printed.split('\n')[0]}`}`);
    }
    const missing = gpus!.flat().filter((gpu) => !lists(stdout, gpu));
    if (missing.length === 0) return [];
    const fix = 'Name in gpus what nvidia-smi -L shows.';
    return [fail(check, `nvidia-smi does not show ${missing.join(', ')}, of ${name}.`, fix)];
  } catch (error) {
    const reason = fullReasonOf(error);
    return [fail(check, `nvidia-smi fails: ${reason}.`, nvidiaRemedy(reason))];
  }
}

const lists = (text: string, gpu: string) =>
  /^\d+$/.test(gpu)
    ? new RegExp(`^GPU ${gpu}: `, 'm').test(text)
    : text.toLowerCase().includes(`(uuid: ${gpu.toLowerCase()})`);

async function givenToJobs(
  { executorImage }: MinerSettings,
  environment: Record<string, string | undefined>,
  { gpus }: ServerSpec,
): Promise<Finding[]> {
  const image = await engine(environment)
    .getImage(executorImage)
    .inspect()
    .catch(() => null); // told by another check
  try {
    if (image) checkGivesOwnGpus(image, executorImage, gpus![0]!.join());
    return [];
  } catch (error) {
    return [fail(check, (error as Error).message, 'Set EXECUTOR_IMAGE to one that does.')];
  }
}
