import { metricRows } from '@horde/metrics';

/** What the miner tells Prometheus. */
export const minerMetrics = metricRows({
  miner_info: {
    type: 'gauge',
    help: 'The miner: its version, its hotkey, its network.',
    labels: ['version', 'hotkey', 'bittensor_network'],
  },
  miner_jobs: { type: 'gauge', help: 'Jobs of the last two days, by status.', labels: ['status'] },
  miner_slots: {
    type: 'gauge',
    help: 'Executors that can run at the same time, by class.',
    labels: ['executor_class'],
  },
  miner_executors_offered: {
    type: 'gauge',
    help: 'Executors that can run at the same time, of all classes.',
  },
  miner_executors_missing: {
    type: 'gauge',
    help: "Executors of the operator's file that cannot be used, because their host is out of reach or its engine does not answer; there is none for a manager of the operator's own.",
  },
  miner_host_out_of_reach: {
    type: 'gauge',
    help: "Whether no executor can be started at a host of the operator's file, because it is out of reach or its engine does not answer: 1 or 0. The label is the host's name in the file.",
    labels: ['host'],
  },
  miner_host_disk_free_ratio: {
    type: 'gauge',
    help: "The free part of the disk with Docker's images, containers and volumes at a host of the operator's file. Of a host that is out of reach there is none, nor of this machine where the miner is in a container and does not see the folder.",
    labels: ['host'],
    unit: 'ratio',
  },
  miner_job_images_bytes: {
    type: 'gauge',
    help: 'What images that executors have fetched for jobs take on a machine, each with all of its layers; there is none for one that is out of reach.',
    labels: ['machine'],
    unit: 'bytes',
  },
  miner_job_images_removed_total: {
    type: 'counter',
    help: 'Such images that were removed, because they took more than JOB_IMAGES_MAX_GB or the disk had less than JOB_IMAGES_FREE_DISK left.',
    labels: ['machine'],
  },
  miner_slots_taken: {
    type: 'gauge',
    help: 'Executors that are started or running, by class.',
    labels: ['executor_class'],
  },
  miner_outbox_waiting: { type: 'gauge', help: 'Messages that validators have not settled yet.' },
  miner_connections: { type: 'gauge', help: 'Websockets to this process, by peer.', labels: ['peer'] },
  miner_receipts_stored_total: {
    type: 'counter',
    help: 'Receipts of validators that were countersigned and stored, by type.',
    labels: ['type'],
  },
  miner_receipts_refused_total: {
    type: 'counter',
    help: 'Receipts of validators that were refused, by reason.',
    labels: ['reason'],
  },
  miner_jobs_ended_last_day: {
    type: 'gauge',
    help: 'Jobs that ended within a day, by class and status.',
    labels: ['executor_class', 'status'],
    isBusiness: true,
  },
  miner_job_seconds_last_day: {
    type: 'gauge',
    help: 'From acceptance to completion of the jobs completed within a day, by class.',
    labels: ['executor_class'],
    unit: 'seconds',
    isBusiness: true,
  },
  miner_validators_active: { type: 'gauge', help: 'Validators that may send jobs.', isBusiness: true },
});
