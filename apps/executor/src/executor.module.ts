import { Module, type Type } from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';
import { ARGUMENTS, type Arguments } from './arguments.ts';
import { JobService } from './job/job.service.ts';
import { Assignment } from './miner/assignment.ts';
import { MinerLink } from './miner/miner-link.ts';
import { ExecutorSettings } from './settings.ts';

/** An executor with these settings. */
export function executorModule(settings: ExecutorSettings, logger: Logger, options: Arguments): Type {
  @Module({
    providers: [
      { provide: ExecutorSettings, useValue: settings },
      { provide: LOGGER, useValue: logger },
      { provide: ARGUMENTS, useValue: options },
      Assignment,
      MinerLink,
      JobService,
    ],
  })
  class ExecutorModule {}
  return ExecutorModule;
}
