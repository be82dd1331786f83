import type { Provider } from '@nestjs/common';
import { Database, JobFrames } from '@horde/database';
import type { Logger } from '@horde/operations';
import type { MinerSettings } from '../settings.ts';

/** What is exchanged with a job's validator and its executor. */
export const jobFrames = ({ keepFrames }: MinerSettings, logger: Logger): Provider => ({
  provide: JobFrames,
  useFactory: (database: Database) =>
    new JobFrames(
      database,
      {
        validator: 'select uuid from job where uuid = called and validator_hotkey = who',
        executor: 'select uuid from job where uuid = called',
      },
      keepFrames,
      (error) => logger.warn({ error }, 'what was exchanged about jobs could not be stored'),
    ),
  inject: [Database],
});
