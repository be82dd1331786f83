/** The dashboard for Grafana: its panels in a few words each, and the JSON that Grafana imports. */

interface Panel {
  title: string;
  /** Of Grafana: `s`, `percentunit`, `bytes`, `short`. */
  unit?: string;
  /** By what the legend shows. */
  queries: Record<string, string>;
}

const rows: Record<string, Panel[]> = {
  'What needs a person': [
    { title: 'Alerts that fire', queries: { '{{alertname}}': 'sum by (alertname) (ALERTS) or vector(0)' } },
    { title: 'Ready', queries: { '{{service}} {{instance}}': 'horde_ready' } },
    {
      title: 'Jobs let down, of the last hour',
      unit: 'percentunit',
      queries: { '{{service}}': 'horde_jobs_let_down_ratio or on() vector(0)' },
    },
    {
      title: 'Longest wait',
      unit: 's',
      queries: { '{{service}}': 'max by (service) (horde_waiting_oldest_seconds)' },
    },
  ],
  Jobs: [
    {
      title: 'Ended within the last hour',
      queries: { '{{service}} {{status}}': 'max by (service, status) (horde_jobs_last_hour)' },
    },
    {
      title: 'At the validator, by status',
      queries: { '{{status}}': 'max by (status) (validator_jobs)' },
    },
    { title: 'At the miner, by status', queries: { '{{status}}': 'max by (status) (miner_jobs)' } },
    {
      title: 'Of the last day, by class',
      queries: {
        '{{executor_class}} {{status}}': 'max by (executor_class, status) (facilitator_jobs_last_day)',
      },
    },
  ],
  Facilitator: [
    {
      title: 'Validators connected, jobs not confirmed',
      queries: {
        validators: 'max(facilitator_connected_validators)',
        unconfirmed: 'max(facilitator_undelivered_jobs)',
      },
    },
    {
      title: 'Requests a second, by status',
      queries: { '{{status}}': 'sum by (status) (rate(django_http_responses_total_by_status_total[5m]))' },
    },
    {
      title: 'Latency of requests, 95th percentile',
      unit: 's',
      queries: {
        '{{view}}':
          'histogram_quantile(0.95, sum by (le, view) (rate(django_http_requests_latency_seconds_by_view_method_bucket[5m])))',
      },
    },
    {
      title: 'Users',
      queries: { all: 'max(facilitator_users)', 'active within a day': 'max(facilitator_active_users)' },
    },
  ],
  Validator: [
    {
      title: 'Executors that miners offer, by class',
      queries: {
        '{{executor_class}}':
          'sum by (executor_class) (max by (miner_hotkey, executor_class) (validator_miner_manifest_count))',
      },
    },
    {
      title: 'Age of the newest block',
      unit: 's',
      queries: { age: 'max(validator_newest_block_age_seconds)' },
    },
    {
      title: 'Weights of the newest cycle',
      queries: {
        '{{state}}': 'max by (state) (validator_cycle_weights)',
        missed: 'max(validator_cycles_missed)',
      },
    },
    {
      title: 'Messages not confirmed',
      queries: { waiting: 'max(validator_outbox_waiting)', events: 'max(validator_system_events_unsent)' },
    },
    {
      title: 'Receipts fetched a minute',
      queries: { receipts: 'sum(rate(receipttransfer_receipts_total[5m])) * 60' },
    },
    { title: 'Miners behind a shield', queries: { miners: 'max(validator_shielded_miners)' } },
  ],
  Miner: [
    {
      title: 'Executors: offered and taken, by class',
      queries: {
        'offered {{executor_class}}': 'sum by (executor_class) (miner_slots)',
        'taken {{executor_class}}': 'sum by (executor_class) (miner_slots_taken)',
        'missing of the file': 'sum(miner_executors_missing)',
      },
    },
    { title: 'Hosts out of reach', queries: { '{{host}}': 'miner_host_out_of_reach' } },
    {
      title: 'Free on disks of hosts',
      unit: 'percentunit',
      queries: { '{{host}}': 'miner_host_disk_free_ratio' },
    },
    { title: 'Connections', queries: { '{{peer}}': 'sum by (peer) (miner_connections)' } },
    {
      title: 'Receipts countersigned a minute',
      queries: { '{{type}}': 'sum by (type) (rate(miner_receipts_stored_total[5m])) * 60' },
    },
    { title: 'Messages not settled', queries: { waiting: 'sum(miner_outbox_waiting)' } },
    {
      title: 'Executors worked, of the last day',
      unit: 's',
      queries: { '{{executor_class}}': 'sum by (executor_class) (miner_job_seconds_last_day)' },
    },
  ],
  Machines: [
    {
      title: 'Free on disks',
      unit: 'percentunit',
      queries: { '{{service}} {{folder}}': 'horde_disk_free_ratio' },
    },
    {
      title: 'Database',
      unit: 'bytes',
      queries: { '{{service}}': 'max by (service) (horde_database_bytes)' },
    },
    {
      title: 'Memory',
      unit: 'bytes',
      queries: {
        '{{job}} {{instance}}': 'process_resident_memory_bytes{job=~"facilitator|validator|miner"}',
      },
    },
    {
      title: 'Processor',
      unit: 'percentunit',
      queries: {
        '{{job}} {{instance}}': 'rate(process_cpu_seconds_total{job=~"facilitator|validator|miner"}[5m])',
      },
    },
    {
      title: 'Done last',
      unit: 's',
      queries: { '{{service}} {{work}}': 'max by (service, work) (horde_last_done_seconds)' },
    },
    {
      title: 'Clock ahead of the database',
      unit: 's',
      queries: { '{{service}}': 'horde_clock_ahead_seconds' },
    },
    {
      title: 'Clock ahead of the peers',
      unit: 's',
      queries: { '{{service}}': 'max by (service) (horde_clock_ahead_of_peers_seconds)' },
    },
  ],
};

const width = 12;
const height = 7;

export function dashboard(): object {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  const panels: object[] = [];
  let y = 0;
  for (const [title, list] of Object.entries(rows)) {
    panels.push({ id: panels.length + 1, type: 'row', title, gridPos: { x: 0, y: y++, w: 24, h: 1 } });
    for (const [at, { title: name, unit = 'short', queries }] of list.entries())
      panels.push({
        id: panels.length + 1,
        type: 'timeseries',
        title: name,
        datasource,
        gridPos: { x: (at % 2) * width, y: y + Math.floor(at / 2) * height, w: width, h: height },
        fieldConfig: { defaults: { unit }, overrides: [] },
        targets: Object.entries(queries).map(([legendFormat, expr], index) => ({
          refId: String.fromCharCode(65 + index),
          datasource,
          expr,
          legendFormat,
        })),
      });
    y += Math.ceil(list.length / 2) * height;
  }
  return {
    uid: 'compute-horde',
    title: 'ComputeHorde',
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' }],
    },
    panels,
  };
}
