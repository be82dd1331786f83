import type Docker from 'dockerode';
import type * as JobRunnerLibrary from '@horde/job-runner';
import type { ImageProgress, JobRunner } from '@horde/job-runner';
import type { Logger } from '@horde/operations';
import { type ExecutorClass, executorClasses, type JsonObject, toJsonValue } from '@horde/protocol';
import type { ExecutorSettings } from '../settings.ts';
import { collectMachineSpecs } from '../machine-specs/collect.ts';
import { makeRunner, runnerOptions } from './runners.ts';

/** How long the end of an executor waits for the leftovers of others to be removed. @unit ms */
const sweepLimit = 5_000;

/** This machine, as far as a job has to do with it. */
export interface Machine {
  runner: JobRunner;
  /** Null: jobs run without an engine. */
  docker: Docker | null;
  /** Resolves when the machine is known to be safe; rejects with SecurityCheckFailed. */
  checked: Promise<void>;
  /** What the machine is made of, where that is known by now. */
  specs: () => JsonObject | null;
  /** Resolves when that is known, or cannot be found out. */
  described: Promise<void>;
  /** Removes what a job has left; resolves when nothing here goes on in the background any more. */
  close: (jobUuid: string) => Promise<void>;
}

/** Whose machine, and for what. */
export interface MachineOptions {
  library: typeof JobRunnerLibrary;
  settings: ExecutorSettings;
  logger: Logger;
  /** As in the setting JOB_RUNNER. */
  runnerName: string;
  executorClass: ExecutorClass;
  /** Labels what is started for the check. */
  jobUuid: string;
  /** Told how far the pull of an image is. */
  onPull: (progress: ImageProgress) => void;
}

/**
 * Gets this machine ready for a job of one executor class. In the background it is checked and described, and what
 * dead executors have left on it is removed.
 *
 * @throws PluginError
 */
export async function openMachine(options: MachineOptions): Promise<Machine> {
  const { library, settings, logger, executorClass, jobUuid } = options;
  const limits = runnerOptions(settings, executorClass);
  const warn = (sentence: string) => logger.warn(sentence);
  const docker = options.runnerName === 'process' ? null : await openDocker();
  const runner = await makeRunner(library, options.runnerName, {
    ...limits,
    ...(docker && { docker }),
    onProgress: (progress) => {
      logger.debug(progress.sentence);
      options.onPull(progress);
    },
    warn,
  });
  const closing = new AbortController();
  const { signal } = closing;
  const { jobFolder, checkFolder } = settings;
  const gpu = executorClasses[executorClass].hasGpu && !settings.noGpu;

  // A runner that is none of ours answers itself for what it runs jobs in.
  const checked =
    docker && runner instanceof library.DefaultJobRunner
      ? library.securityPreflight(docker, {
          jobUuid,
          gpu,
          limits,
          toolkit: settings.nvidiaToolkit,
          warn,
          cacheFolder: checkFolder ?? jobFolder,
          signal,
        })
      : Promise.resolve();
  checked.catch(() => {}); // looked at by the job

  let known: JsonObject | null = null;
  let described = Promise.resolve();
  // ComputeHorde's executors leave the description out where the operator says that there are no GPUs.
  if (!settings.noGpu) {
    const asked = collectMachineSpecs(docker, {
      library,
      jobUuid,
      jobFolder,
      gpus: limits.gpus ?? 'all',
      warn,
      signal,
    });
    described = asked.then(
      (specs) => void (known = toJsonValue(specs) as JsonObject),
      (error: unknown) => logger.warn({ error }, 'this machine could not be described'),
    );
  }

  const log = (sentence: string) => logger.info(sentence);
  const swept = docker ? library.removeLeftovers(docker, { folderBase: jobFolder, log }) : Promise.resolve();
  swept.catch((error: unknown) => logger.warn({ error }, 'what other executors have left is still there'));

  return {
    runner,
    docker,
    checked,
    specs: () => known,
    described,
    close: async (uuid) => {
      closing.abort(new Error('The job is over.'));
      const limit = Promise.withResolvers<void>();
      const timer = setTimeout(limit.resolve, sweepLimit);
      const background = Promise.race([Promise.allSettled([checked, swept]), limit.promise]);
      await Promise.all([runner.cleanUp(uuid), background]).finally(() => clearTimeout(timer));
    },
  };
}

/** The client of the engine at DOCKER_HOST, else at /var/run/docker.sock; loaded only here, as it takes a while. */
async function openDocker(): Promise<Docker> {
  const { default: Client } = await import('dockerode');
  return new Client();
}
