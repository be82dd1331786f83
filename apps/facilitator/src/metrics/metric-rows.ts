import { metricRows } from '@horde/metrics';

/** What the facilitator tells Prometheus. Of what is counted in the database each replica tells the same. */
export const facilitatorMetrics = metricRows({
  facilitator_connected_validators: {
    type: 'gauge',
    help: 'Validators that are connected to any replica.',
  },
  facilitator_undelivered_jobs: {
    type: 'gauge',
    help: 'Jobs that their validators have not confirmed yet.',
  },
  facilitator_undelivered_oldest_seconds: {
    type: 'gauge',
    help: 'How long the oldest of these has waited.',
    unit: 'seconds',
  },
  facilitator_miners: {
    type: 'gauge',
    help: 'Miners on the chain, by the version that they told last; the rarer ones together.',
    labels: ['version'],
  },
  django_http_requests_total_by_method_total: {
    type: 'counter',
    help: 'Requests, by method.',
    labels: ['method'],
    isReference: true,
  },
  django_http_responses_total_by_status_total: {
    type: 'counter',
    help: 'Answers, by status.',
    labels: ['status'],
    isReference: true,
  },
  django_http_responses_total_by_status_view_method_total: {
    type: 'counter',
    help: 'Answers, by status, path and method; the path with names in the place of uuids.',
    labels: ['status', 'view', 'method'],
    isReference: true,
  },
  django_http_requests_latency_seconds_by_view_method: {
    type: 'histogram',
    help: 'From a request to the end of its answer, by path and method.',
    labels: ['view', 'method'],
    unit: 'seconds',
    // As in ComputeHorde: 8 ms, 16 ms and so on.
    buckets: Array.from({ length: 14 }, (_, power) => 0.008 * 2 ** power),
    isReference: true,
  },
  django_model_inserts_total: {
    type: 'counter',
    help: 'Rows that were inserted, by table, as Postgres counts them.',
    labels: ['model'],
    isReference: true,
  },
  django_model_updates_total: {
    type: 'counter',
    help: 'Rows that were updated, by table, as Postgres counts them.',
    labels: ['model'],
    isReference: true,
  },
  django_model_deletes_total: {
    type: 'counter',
    help: 'Rows that were deleted, by table, as Postgres counts them.',
    labels: ['model'],
    isReference: true,
  },
  django_migrations_applied_total: {
    type: 'gauge',
    help: 'Migrations of the database that are applied.',
    labels: ['connection'],
    isReference: true,
  },
  django_migrations_unapplied_total: {
    type: 'gauge',
    help: 'Migrations of the database that are not.',
    labels: ['connection'],
    isReference: true,
  },
  facilitator_users: {
    type: 'gauge',
    help: 'Hotkeys that may use the facilitator.',
    isBusiness: true,
  },
  facilitator_active_users: {
    type: 'gauge',
    help: 'Hotkeys that have created a job within a day.',
    isBusiness: true,
  },
  facilitator_jobs_last_day: {
    type: 'gauge',
    help: 'Jobs of the last day, by class and status.',
    labels: ['executor_class', 'status'],
    isBusiness: true,
  },
});
