import type { MetricsOptions } from '@horde/metrics';
import { authTolerance } from '@horde/protocol';
import type { ValidatorSettings } from '../settings.ts';

/** What the validator measures of what all services do. */
export const metricsOptions = ({ databaseRoom, runnerNote }: ValidatorSettings): MetricsOptions => ({
  service: 'validator',
  folders: { working: '.' },
  databaseRoom,
  runnerNote,
  clockTolerance: authTolerance,
  endedJobs: `select status, count(*)::int as count from job
    where ended_at > now() - interval '1 hour' group by status`,
  letDown: ['rejected', 'horde_failed'],
  oldestWait: 'select min(waits_since) from job where waits_since is not null',
});
