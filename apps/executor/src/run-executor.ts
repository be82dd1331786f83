import 'reflect-metadata';
import { runService } from '@horde/operations';
import type { Arguments } from './arguments.ts';
import { executorModule } from './executor.module.ts';
import { JobService } from './job/job.service.ts';
import { ExecutorSettings } from './settings.ts';

/** Runs one job, with the settings of this process's environment, and ends the process. */
export function runExecutor(options: Arguments): Promise<void> {
  return runService({
    name: 'executor',
    settings: ExecutorSettings,
    prefixes: ['JOB_', 'VOLUME_'],
    module: (settings, logger) => executorModule(settings, logger, options),
    started: async (app) => {
      const job = app.get(JobService);
      process.on('uncaughtException', (error) => job.fail(error));
      const exitCode = await job.run();
      await app.close();
      process.exit(exitCode);
    },
  });
}
