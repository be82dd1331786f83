import { commonConditions, type Condition } from '@horde/alerts';
import { loginTolerance } from '@horde/protocol';

/** What of a facilitator needs a person. */
export const facilitatorConditions: Condition[] = [
  ...commonConditions({
    service: 'facilitator',
    look: './horde run facilitator doctor',
    askChain: './horde run facilitator sync_metagraph',
    chainAge: 1_200,
    clockTolerance: loginTolerance,
  }),
  {
    name: 'FacilitatorHasNoValidator',
    metric: 'facilitator_connected_validators',
    is: 'below',
    limit: 1,
    for: 300,
    severity: 'critical',
    says: 'No validator is connected to the facilitator: jobs are stored, and go to nobody.',
    command: './horde run facilitator doctor',
  },
  {
    name: 'FacilitatorJobsUndelivered',
    metric: 'facilitator_undelivered_oldest_seconds',
    is: 'above',
    limit: 300,
    for: 60,
    severity: 'warning',
    says: 'A job has waited for {value} for its validator to confirm that it has it.',
    command: './horde run facilitator doctor',
  },
];
