import { commonConditions, type Condition } from '@horde/alerts';
import { authTolerance } from '@horde/protocol';

/** What of a validator needs a person. */
export const validatorConditions: Condition[] = [
  ...commonConditions({
    service: 'validator',
    look: './horde run validator doctor',
    askChain: './horde run validator scan_blocks_and_calculate_allowance',
    clockTolerance: authTolerance,
  }),
  {
    name: 'ValidatorChainBehind',
    metric: 'validator_newest_block_age_seconds',
    is: 'above',
    limit: 300,
    for: 60,
    severity: 'critical',
    says: 'The newest block that the validator knows is {value} old: nothing more can be booked soon.',
    command: './horde run validator scan_blocks_and_calculate_allowance',
  },
  {
    name: 'ValidatorMissesWeights',
    metric: 'validator_cycles_missed',
    is: 'above',
    limit: 1,
    for: 60,
    severity: 'critical',
    says: 'For {value} cycles, of two epochs each, the chain has got no weights of the validator.',
    command: './horde run validator explain_weights',
  },
  {
    name: 'ValidatorHasNoMiner',
    metric: 'validator_offering_miners',
    is: 'below',
    limit: 1,
    for: 600,
    severity: 'critical',
    says: 'No miner offers the validator an executor: no job can run.',
    command: './horde run validator sync_manifests',
  },
  {
    name: 'ValidatorFetchesNoReceipts',
    metric: 'horde_last_done_seconds',
    where: { service: 'validator', work: 'receipts' },
    is: 'above',
    limit: 900,
    for: 300,
    severity: 'warning',
    says: 'No receipt page of any miner could be read for {value}: scores will lack what is on them.',
    command: './horde run validator transfer_receipts',
  },
  {
    name: 'ValidatorUpdatesUntaken',
    metric: 'validator_updates_oldest_seconds',
    is: 'above',
    limit: 300,
    for: 60,
    severity: 'warning',
    says: 'A facilitator has not taken what became of a job for {value}.',
    command: './horde run validator doctor',
  },
];
