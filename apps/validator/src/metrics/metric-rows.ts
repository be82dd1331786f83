import { metricRows } from '@horde/metrics';

/** @unit seconds */
const bookingBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the validator tells Prometheus. Of what is counted in the database each replica tells the same. */
export const validatorMetrics = metricRows({
  validator_info: {
    type: 'gauge',
    help: 'The validator: its version, its hotkey, its network.',
    labels: ['version', 'hotkey', 'bittensor_network'],
  },
  validator_jobs: { type: 'gauge', help: 'Jobs of the last two days, by status.', labels: ['status'] },
  validator_outbox_waiting: { type: 'gauge', help: 'Messages that peers have not confirmed yet.' },
  validator_updates_oldest_seconds: {
    type: 'gauge',
    help: 'How long the oldest message to a facilitator has not been confirmed.',
    unit: 'seconds',
  },
  validator_offering_miners: { type: 'gauge', help: 'Miners that offer an executor.' },
  validator_newest_block_age_seconds: {
    type: 'gauge',
    help: 'How old the newest block of the chain is that is known; there is none before the first.',
    unit: 'seconds',
  },
  validator_cycles_missed: {
    type: 'gauge',
    help: 'Cycles since the last one whose weights the chain has, or needs none, whose window has ended without weights.',
  },
  validator_system_events_unsent: {
    type: 'gauge',
    help: 'Events that the collector of statistics has not taken yet.',
  },
  validator_shielded_miners: {
    type: 'gauge',
    help: 'Miners that are behind a DDoS shield, where this validator does not reach them.',
  },
  validator_cycle_weights: {
    type: 'gauge',
    help: 'How the weights for the newest cycle stand: 1 for the state that they are in.',
    labels: ['state'],
  },
  validator_miner_manifest_count: {
    type: 'gauge',
    help: 'Executors that a miner offers, by class.',
    labels: ['miner_hotkey', 'executor_class'],
    isReference: true,
  },
  validator_miner_incident_reported_total: {
    type: 'counter',
    help: 'What miners did that makes them less reliable.',
    labels: ['incident_type', 'miner_hotkey', 'executor_class'],
    isReference: true,
  },
  validator_stake_share_fraction: {
    type: 'gauge',
    help: "Each validator's part of all stake, at the newest block that was taken.",
    labels: ['validator_hotkey'],
    isReference: true,
  },
  validator_block_duration_seconds: {
    type: 'gauge',
    help: 'How long the newest block counts that has a successor.',
    unit: 'seconds',
    isReference: true,
  },
  validator_block_allowance_processing_duration_seconds: {
    type: 'histogram',
    help: 'How long it takes to read a block from the chain and to store it.',
    unit: 'seconds',
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100],
    isReference: true,
  },
  validator_reserve_allowance_duration_seconds: {
    type: 'histogram',
    help: "How long it takes to book a job's blocks, or to find that they are not free.",
    unit: 'seconds',
    buckets: bookingBuckets,
    isReference: true,
  },
  validator_undo_allowance_reservation_duration_seconds: {
    type: 'histogram',
    help: 'How long it takes to give back the blocks of a job that is not paid.',
    unit: 'seconds',
    buckets: bookingBuckets,
    isReference: true,
  },
  validator_block_allowance_checkpoint_seconds: {
    type: 'gauge',
    help: "What the newest 100 blocks give a validator of a miner's executors.",
    labels: ['miner_hotkey', 'validator_hotkey', 'executor_class'],
    unit: 'executor-seconds',
    isReference: true,
  },
  validator_allowance_spending_attempts: {
    type: 'gauge',
    help: 'Finished receipts of the cycle that was judged last, by what was found: success, rejected, failed.',
    labels: ['validator_hotkey', 'miner_hotkey', 'executor_class', 'result'],
    isReference: true,
  },
  validator_allowance_blocks_processed: {
    type: 'gauge',
    help: 'Blocks that they listed, by what became of them: accepted, outside_range, double_spent, invalidated.',
    labels: ['validator_hotkey', 'miner_hotkey', 'executor_class', 'result'],
    unit: 'blocks',
    isReference: true,
  },
  validator_allowance_paid_job_scores: {
    type: 'gauge',
    help: 'What miners were paid for in the cycle that this process scored last.',
    labels: ['miner_hotkey', 'executor_class'],
    unit: 'executor-seconds',
    isReference: true,
  },
  receipttransfer_receipts_total: {
    type: 'counter',
    help: 'Receipts that were fetched, verified and stored.',
    isReference: true,
  },
  receipttransfer_miners: {
    type: 'gauge',
    help: 'Miners that receipts are fetched from.',
    isReference: true,
  },
  receipttransfer_successful_transfers_total: {
    type: 'counter',
    help: 'Pages that were read to their end, also those with nothing new on them.',
    isReference: true,
  },
  receipttransfer_line_errors_total: {
    type: 'counter',
    help: 'Lines of pages that were left out, by what was wrong with them.',
    labels: ['exc_type'],
    isReference: true,
  },
  receipttransfer_transfer_errors_total: {
    type: 'counter',
    help: 'Pages that were not read to their end, by what went wrong.',
    labels: ['exc_type'],
    isReference: true,
  },
  receipttransfer_transfer_duration: {
    type: 'histogram',
    help: 'How long it took to read the newest pages of all miners.',
    unit: 'seconds',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60],
    isReference: true,
  },
  receipttransfer_catchup_pages_left: {
    type: 'gauge',
    help: 'Older pages that are still to be read.',
    isReference: true,
  },
});
