import type * as JobRunnerLibrary from '@horde/job-runner';
import type { DefaultJobRunnerOptions, JobRunner } from '@horde/job-runner';
import { loadPlugin, PluginError } from '@horde/plugins';
import type { ExecutorClass } from '@horde/protocol';
import { count, flag, type Kind, memory, processors, size, valueFor, word } from '../per-class.ts';
import type { ExecutorSettings } from '../settings.ts';

/** Loads what runs jobs. Its Docker client takes a while, and the connection to the miner need not wait for it. */
export const loadLibrary = (): Promise<typeof JobRunnerLibrary> => import('@horde/job-runner');

/** What an operator has set for jobs of one executor class; what is not set is the runner's default. */
export function runnerOptions(
  settings: ExecutorSettings,
  executorClass: ExecutorClass,
): Omit<DefaultJobRunnerOptions, 'docker'> {
  const set = <Name extends string, T>(name: Name, text: string | null, kind: Kind<T>) => {
    const value = valueFor(text, kind, executorClass);
    return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: T };
  };
  return {
    noGpu: settings.noGpu,
    ...(settings.gpus.length > 0 && { gpus: settings.gpus }),
    ...set('memoryBytes', settings.jobMemoryBytes, memory),
    ...set('cpus', settings.jobCpus, processors),
    ...set('pids', settings.jobPids, count),
    ...set('shmBytes', settings.jobShmBytes, size),
    ...set('diskMaxBytes', settings.jobDiskMaxBytes, size),
    ...set('logMaxBytes', settings.jobLogMaxBytes, size),
    ...set('runtime', settings.jobRuntime, word),
    ...set('readOnlyRoot', settings.jobReadOnlyRoot, flag),
    ...set('dropAllCapabilities', settings.jobDropCapabilities, flag),
    ...set('requireDigest', settings.jobRequireDigest, flag),
    ...(settings.jobAllowedRegistries.length > 0 && { allowedRegistries: settings.jobAllowedRegistries }),
    marksPulled: settings.marksPulled,
    token: settings.executorToken,
  };
}

/**
 * The runner of that name: `docker`, `process`, or `path/to/module.ts:ClassName` for a class whose constructor takes
 * what DefaultJobRunner's takes.
 *
 * @throws PluginError where there is no such class, and where it makes no runner
 */
export async function makeRunner(
  library: typeof JobRunnerLibrary,
  name: string,
  options: DefaultJobRunnerOptions,
): Promise<JobRunner> {
  switch (name) {
    case 'docker':
      return new library.DefaultJobRunner(options);
    case 'process':
      return new library.ProcessJobRunner({ logMaxBytes: options.logMaxBytes });
  }
  const Runner = (await loadPlugin(name, { '@horde/job-runner': library })) as new (
    options: DefaultJobRunnerOptions,
  ) => JobRunner;
  let runner: JobRunner;
  try {
    runner = new Runner(options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PluginError(`Making a job runner of ${name} failed: ${why}`, { cause: error });
  }
  const missing = methods.find((method) => typeof runner[method] !== 'function');
  if (missing) throw new PluginError(`${name} is no job runner: it has no ${missing}().`);
  return runner;
}

const methods = ['prepare', 'run', 'cleanUp'] as const satisfies (keyof JobRunner)[];
