import type { MetricsOptions } from '@horde/metrics';
import { authTolerance } from '@horde/protocol';
import type { MinerSettings } from '../settings.ts';

/** What the miner measures of what all services do. Of its jobs those that wait are waiting for their executor. */
export const metricsOptions = ({
  receiptsRoot,
  databaseRoom,
  runnerNote,
}: MinerSettings): MetricsOptions => ({
  service: 'miner',
  folders: { working: '.', receipts: receiptsRoot },
  databaseRoom,
  runnerNote,
  clockTolerance: authTolerance,
  endedJobs: `select status, count(*)::int as count from job
    where ended_at > now() - interval '1 hour' group by status`,
  // It rejects those that it has no room for.
  letDown: ['horde_failed'],
  oldestWait: 'select min(accepted_at) from job where ended_at is null and connected_at is null',
});
