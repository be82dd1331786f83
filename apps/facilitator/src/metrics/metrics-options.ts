import type { MetricsOptions } from '@horde/metrics';
import { loginTolerance } from '@horde/protocol';
import type { FacilitatorSettings } from '../settings.ts';

/** What the facilitator measures of what all services do. */
export const metricsOptions = ({ databaseRoom, runnerNote }: FacilitatorSettings): MetricsOptions => ({
  service: 'facilitator',
  folders: { working: '.' },
  databaseRoom,
  runnerNote,
  clockTolerance: loginTolerance,
  endedJobs: `select status, count(*)::int as count from job
    where created_at > now() - interval '1 hour' and overdue_at is null group by status`,
  letDown: ['rejected', 'horde_failed'],
  oldestWait: `select min(created_at) from job where overdue_at is not null and status in ('sent', 'received')`,
});
