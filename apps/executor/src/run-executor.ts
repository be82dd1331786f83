import 'reflect-metadata';
import { runService } from '@horde/operations';
import type { Arguments } from './arguments.ts';
import { executorModule } from './executor.module.ts';
import { JobService } from './job/job.service.ts';
import { ExecutorSettings } from './settings.ts';

/** How long an executor that met an error which nobody caught may take to tell its miner. @unit ms */
const lastWordsLimit = 10_000;

/** Runs one job, with the settings of this process's environment, and ends the process. */
export function runExecutor(options: Arguments): Promise<void> {
  let job: JobService | null = null;
  let isFailing = false;
  return runService({
    name: 'executor',
    settings: ExecutorSettings,
    prefixes: ['JOB_', 'VOLUME_'],
    module: (settings, logger) => executorModule(settings, logger, options),
    uncaught: (error) => {
      if (!job || isFailing) return false;
      isFailing = true;
      setTimeout(() => process.exit(1), lastWordsLimit).unref();
      job.fail(error);
      return true;
    },
    started: async (app) => {
      const service = app.get(JobService);
      job = service;
      const exitCode = await service.run();
      await app.close();
      process.exit(exitCode);
    },
  });
}
