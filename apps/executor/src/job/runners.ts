import type * as JobRunnerLibrary from '@horde/job-runner';
import type { JobRunner } from '@horde/job-runner';
import type { JobRunnerName } from '../arguments.ts';
import type { ExecutorSettings } from '../settings.ts';

/** Loads what runs jobs. Its Docker client takes a while, and the connection to the miner need not wait for it. */
export const loadLibrary = (): Promise<typeof JobRunnerLibrary> => import('@horde/job-runner');

/** The runner of that name. */
export function makeRunner(
  library: typeof JobRunnerLibrary,
  name: JobRunnerName,
  settings: ExecutorSettings,
): JobRunner {
  switch (name) {
    case 'docker':
      return new library.DockerJobRunner({ noGpu: settings.noGpu });
    case 'process':
      return new library.ProcessJobRunner();
  }
}
