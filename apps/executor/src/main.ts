import 'reflect-metadata';
import { runService } from '@horde/operations';
import { type Arguments, ArgumentsError, readArguments } from './arguments.ts';
import { executorModule } from './executor.module.ts';
import { JobService } from './job/job.service.ts';
import { ExecutorSettings } from './settings.ts';

const options = argumentsOrExit();

await runService({
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

function argumentsOrExit(): Arguments {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof ArgumentsError)) throw error;
    process.stderr.write(`executor cannot start: ${error.message}\n`);
    process.exit(2);
  }
}
