import { metricRows } from './metric-rows.ts';

/** What every service with a database tells under the same names; the label tells which one. */
export const commonMetrics = metricRows({
  horde_ready: {
    type: 'gauge',
    help: 'Whether everything is there that the service needs, as /health/ready says: 1 or 0.',
    labels: ['service'],
  },
  horde_attention: {
    type: 'gauge',
    help: 'Whether an operator should look at something that the service works without, as /health/ready says, such as its certificate that ends within 14 days: 1 or 0.',
    labels: ['service', 'check'],
  },
  horde_last_done_seconds: {
    type: 'gauge',
    help: 'How long ago something was done that is done again and again: retention, chain (asked who is who), receipts (fetched).',
    labels: ['service', 'work'],
    unit: 'seconds',
  },
  horde_disk_free_ratio: {
    type: 'gauge',
    help: 'The free part of the disk that a folder of the service is on. "database": of DATABASE_ROOM_GB, or of the disk of a Postgres that runs on this machine, in no container, and tells its user where its files are; elsewhere there is none.',
    labels: ['service', 'folder'],
    unit: 'ratio',
  },
  horde_database_bytes: {
    type: 'gauge',
    help: 'The size of the database, with the tables of all services in it.',
    labels: ['service'],
    unit: 'bytes',
  },
  horde_clock_ahead_seconds: {
    type: 'gauge',
    help: "How far this machine's clock is ahead of that of the database's machine.",
    labels: ['service'],
    unit: 'seconds',
  },
  horde_clock_ahead_of_peers_seconds: {
    type: 'gauge',
    help: "How far this machine's clock is at least ahead of those of most services and peers that it heard of within an hour; below 0: behind; 0: it agrees with them, or fewer than two say the same. The label has two of those that it differs from.",
    labels: ['service', 'peers'],
    unit: 'seconds',
  },
  horde_jobs_last_hour: {
    type: 'gauge',
    help: 'Jobs of the last hour that have ended, by status.',
    labels: ['service', 'status'],
  },
  horde_jobs_let_down_ratio: {
    type: 'gauge',
    help: 'The part of them that was rejected or let down by the network; there is none for fewer than ten jobs.',
    labels: ['service'],
    unit: 'ratio',
  },
  horde_waiting_oldest_seconds: {
    type: 'gauge',
    help: 'How long the job waits for a miner that has waited longest.',
    labels: ['service'],
    unit: 'seconds',
  },
});
