import { randomUUID } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { createLogger } from '@horde/operations';
import { onTestFinished } from 'vitest';
import { makeJobFolder } from '@horde/testing/job-containers';
import type { Arguments } from '../arguments.ts';
import { executorModule } from '../executor.module.ts';
import { type JobControl, JobService } from '../job/job.service.ts';
import { ExecutorSettings } from '../settings.ts';

export interface RunningExecutor {
  /** Resolves with the exit code that its process would have. */
  exitCode: Promise<number>;
  control: JobControl;
  /** What SIGTERM does. */
  stop: () => Promise<void>;
  /** The names of the job folders that are there. */
  foldersLeft: () => string[];
}

/** An executor inside the test's process, for the executor's own miner; stopped when the test is over. */
export async function runExecutor(
  miner: { readonly address: string },
  settings: Partial<ExecutorSettings> = {},
  options: Partial<Arguments> = {},
): Promise<RunningExecutor> {
  const folder = makeJobFolder();
  const logger = createLogger('executor');
  logger.level = 'silent';
  const all = Object.assign(new ExecutorSettings(), {
    minerAddress: miner.address,
    executorToken: randomUUID(),
    jobFolder: folder.path,
    allowPrivateAddresses: true,
    noGpu: true,
    ...settings,
  });
  const module = executorModule(all, logger, { startupTimeLimit: 20, jobRunner: null, ...options });
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  const control = app.get(JobService);
  const exitCode = control.run();
  onTestFinished(() => app.close());
  return { exitCode, control, stop: () => app.close(), foldersLeft: folder.left };
}
