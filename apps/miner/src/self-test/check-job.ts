import { randomBytes } from 'node:crypto';
import type { ExecutorClass } from '@horde/protocol';
import type { ServerSpec } from '@horde/executor-manager';
import { fail, ok, fullReasonOf, warn, type Finding } from '@horde/commands';
import { Busy, runTestJob, type TestedMiner } from './run-test-job.ts';
import { echoJob } from './test-job.ts';

/** What has come of a job: the finding, and its uuid when it was done. */
export interface JobChecked {
  finding: Finding;
  jobUuid: string | null;
}

/**
 * Runs a job on one executor of a class.
 *
 * @param gpus whether the class's GPUs are used
 * @param servers of the operator's file, which may give each executor its own
 */
export async function checkJob(
  miner: TestedMiner,
  executorClass: ExecutorClass,
  image: string,
  gpus: boolean,
  servers: ServerSpec[],
): Promise<JobChecked> {
  const check = `job ${executorClass}`;
  const word = randomBytes(8).toString('hex');
  const job = echoJob(executorClass, image, word, gpus);
  try {
    const done = await runTestJob(miner, job);
    const { jobUuid } = done;
    const says = `Completed in ${seconds(done.tookMs)}: accepted after ${seconds(done.acceptedAfter)}, executor ready after ${seconds(done.readyAfter)} more.`;
    if (!done.stdout.includes(word)) {
      const fix = 'Look at the executor: it says that the job is done, and did not run it.';
      return { jobUuid, finding: fail(check, 'The result is not what the job printed.', fix) };
    }
    if (!job.withGpu) return { jobUuid, finding: ok(check, says) };
    const found = done.stdout.split('\n').filter((line) => line.startsWith('GPU ')).length;
    const own = gpusOf(executorClass, servers);
    // Of parts of GPUs the list shows the whole too.
    if (found > 0 && own.size > 0 && !own.has(found) && !done.stdout.includes(' MIG ')) {
      const wanted = `DOCKER_EXECUTORS_CONFIG_PATH gives an executor ${[...own].join(' or ')}`;
      const fix = 'Run `miner doctor`: it looks at the GPUs of the file, and at the executor’s image.';
      return { jobUuid, finding: fail(check, `The job saw ${found} GPU, and ${wanted}.`, fix) };
    }
    if (found > 0) return { jobUuid, finding: ok(check, `${says} It saw ${found} GPU.`) };
    const fix =
      'Install the NVIDIA driver and container toolkit on every machine of the class, or name a --image with nvidia-smi.';
    return { jobUuid, finding: warn(check, `${says} It saw no GPU, and the class has one.`, fix) };
  } catch (error) {
    miner.signal.throwIfAborted();
    return { jobUuid: null, finding: notDone(check, error) };
  }
}

/** How many GPUs an executor of a class may have; none: it has all of its machine. */
function gpusOf(executorClass: ExecutorClass, servers: ServerSpec[]): Set<number> {
  const ofClass = servers.filter((server) => server.executorClass === executorClass);
  if (ofClass.some(({ gpus }) => gpus === null)) return new Set();
  return new Set(ofClass.flatMap(({ gpus }) => gpus!.map(({ length }) => length)));
}

/** A job that did not come to its end. */
export function notDone(check: string, error: unknown): Finding {
  if (error instanceof Busy) {
    return warn(
      check,
      `Not tested: ${fullReasonOf(error)}.`,
      'Run the self-test again when an executor is free.',
    );
  }
  const fix =
    'Look at the log of the miner, and of the executor (EXECUTOR_LOG_FOLDER, or `docker logs` of its container); `miner doctor` looks at what executors need.';
  return fail(check, `Not completed: ${fullReasonOf(error)}.`, fix);
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
