import type { Provider } from '@nestjs/common';
import { Database, JobFrames } from '@horde/database';
import type { Logger } from '@horde/operations';
import type { ValidatorSettings } from '../settings.ts';

/** What is exchanged with a job's miners and its facilitator. */
export const jobFrames = ({ keepFrames }: ValidatorSettings, logger: Logger): Provider => ({
  provide: JobFrames,
  useFactory: (database: Database) =>
    new JobFrames(
      database,
      {
        miner: 'select job_uuid from attempt where uuid = called and miner_hotkey = who',
        facilitator: 'select uuid from job where uuid = called and facilitator = who',
      },
      keepFrames,
      (error) => logger.warn({ error }, 'what was exchanged about jobs could not be stored'),
    ),
  inject: [Database],
});
