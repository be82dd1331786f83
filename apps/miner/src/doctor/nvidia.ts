import type Docker from 'dockerode';
import {
  checkGpus,
  checkNvidia,
  checkToolkit,
  oldestToolkit,
  SecurityCheckFailed,
  toolkitFolder,
  toolsImage,
} from '@horde/job-runner';
import { fail, fullReasonOf, ok, warn, type Finding } from '@horde/commands';
import type { ExecutorClass } from '@horde/protocol';
import { engine, type EngineInfo } from './engine.ts';
import { readDaemonConfig, type HostFiles } from './host-files.ts';

const check = 'nvidia runtime';
/** How long the programs of the driver and the container may take. @unit ms */
const patience = 60_000;

type Printed = Parameters<typeof checkToolkit>[0];

/**
 * Looks whether jobs get GPUs, as the executor does before each of them: by the engine's runtime, the toolkit's version,
 * nvidia-smi, and a container that looks for its devices.
 *
 * @param needs a class of this machine that has a GPU; null: none has
 * @param access what gives a container the GPUs, where it is not the runtime
 */
export async function checkNvidiaRuntime(
  environment: Record<string, string | undefined>,
  info: EngineInfo,
  needs: ExecutorClass | null,
  files: HostFiles,
  access?: Docker.HostConfig,
): Promise<Finding> {
  const lacking = await runtimeFinding(info, needs, files);
  if (lacking) return lacking;
  const docker = engine(environment);
  const warnings: string[] = [];
  try {
    const signal = AbortSignal.timeout(patience);
    const options = {
      labels: {},
      signal,
      ...(access && { access }),
      warn: (sentence: string) => void warnings.push(sentence),
    };
    await checkNvidia(docker, info, await toolsImage(docker), options);
  } catch (error) {
    return refused(error);
  }
  return worksOut(warnings, 'Containers get the GPUs');
}

/** The same of a host, by what its shell prints: its toolkit's version, and what nvidia-smi lists. */
export async function checkNvidiaOfHost(
  info: EngineInfo,
  needs: ExecutorClass | null,
  files: HostFiles,
  print: (command: string) => Promise<string | null>,
): Promise<Finding> {
  const lacking = await runtimeFinding(info, needs, files);
  if (lacking) return lacking;
  const ran = async (command: string): Promise<Printed> => {
    const printed = (await print(`${command} 2>&1; code=$?; echo; echo $code`))?.trimEnd() ?? 'no answer';
    const end = printed.lastIndexOf('\n');
    return {
      exitCode: Number(printed.slice(end + 1)),
      stdout: printed.slice(0, Math.max(0, end)),
      stderr: '',
    };
  };
  const warnings: string[] = [];
  try {
    checkToolkit(await ran(`${toolkitFolder(info)}/nvidia-container-toolkit --version`));
    checkGpus(await ran('nvidia-smi -L'), (sentence) => void warnings.push(sentence));
  } catch (error) {
    return refused(error);
  }
  return worksOut(warnings, 'It has GPUs');
}

/** What is to be said without a look at the GPUs; null: the engine has the runtime, and executors need it. */
async function runtimeFinding(
  info: EngineInfo,
  needs: ExecutorClass | null,
  files: HostFiles,
): Promise<Finding | null> {
  const isThere = Object.hasOwn(info.Runtimes, 'nvidia');
  if (needs === null)
    return ok(check, `${isThere ? 'There' : 'Not there'}, and no executor of the machine needs it.`);
  if (isThere) return null;
  const { text } = await readDaemonConfig(files);
  const says = `The engine has no runtime nvidia ("docker info"), and ${needs} needs a GPU.`;
  if (text?.includes('nvidia-container-runtime'))
    return fail(
      check,
      `${says} ${files.daemon} has it already.`,
      'Run: systemctl restart docker, once no job runs.',
    );
  const fix =
    `Install nvidia-container-toolkit ${oldestToolkit} or newer (jobs get out of their container through older ones, ` +
    `CVE-2025-23266), and run: nvidia-ctk runtime configure --runtime=docker && systemctl restart docker. It writes into ` +
    `${files.daemon}: "runtimes": {"nvidia": {"path": "nvidia-container-runtime", "args": []}}`;
  return fail(check, says, fix);
}

function refused(error: unknown): Finding {
  const { facts } = error instanceof SecurityCheckFailed ? error : { facts: null };
  const said = `${String(error)} ${facts?.stdout} ${facts?.stderr}`;
  return fail(check, `${fullReasonOf(error)}.`, nvidiaRemedy(said));
}

function worksOut(warnings: string[], says: string): Finding {
  if (warnings.length > 0)
    return warn(check, `${warnings.join(' ')}.`, 'Jobs can use the GPUs. Ask for the GPU to be looked at.');
  return ok(check, `${says}, by a toolkit that is ${oldestToolkit} or newer.`);
}

/** What NVIDIA's programs say -> what to do. */
const remedies: [RegExp, string][] = [
  [
    /driver\/library version mismatch/i,
    "The driver was updated and the old one still runs: reboot. If it stays, run: apt-get purge '^nvidia-.*' and install the driver again.",
  ],
  [
    /couldn't communicate with the NVIDIA driver|no devices were found|no nvidia-smi|nvidia-smi:.* not found|nvidia-smi lists no GPU/i,
    'Install the driver (apt-get install cuda-drivers) and reboot; nvidia-smi -L has to list the GPUs, and dmesg says why it does not.',
  ],
  [
    /toolkit/i,
    `Run: apt-get install --only-upgrade nvidia-container-toolkit (${oldestToolkit} or newer), then systemctl restart docker.`,
  ],
];

/** What to do about what NVIDIA's programs say. */
export const nvidiaRemedy = (text: string): string =>
  remedies.find(([said]) => said.test(text))?.[1] ??
  'Try it by hand: docker run --rm --runtime=nvidia --gpus all ubuntu nvidia-smi; the findings about cgroups name what is usual.';
