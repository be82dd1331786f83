import { commonConditions, type Condition } from '@horde/alerts';
import { authTolerance } from '@horde/protocol';

/** What of a miner needs a person. */
export const minerConditions: Condition[] = [
  ...commonConditions({
    service: 'miner',
    look: './horde run miner doctor',
    askChain: './horde run miner fetch_validators',
    chainAge: 900,
    clockTolerance: authTolerance,
  }),
  {
    name: 'MinerOffersNothing',
    metric: 'miner_executors_offered',
    is: 'below',
    limit: 1,
    for: 300,
    severity: 'critical',
    says: 'The miner has no executor to offer: no host of its file can be used.',
    command: './horde run miner doctor',
  },
  {
    name: 'MinerHostAway',
    metric: 'miner_host_out_of_reach',
    is: 'above',
    limit: 0,
    for: 300,
    severity: 'warning',
    says: 'No executor can be started at {host}: it is out of reach, or its engine does not answer.',
    command: './horde run miner doctor',
  },
  {
    name: 'MinerHostDiskFills',
    metric: 'miner_host_disk_free_ratio',
    is: 'below',
    limit: 0.1,
    for: 300,
    severity: 'critical',
    says: "The disk with Docker's files has {value} left at {host}; type this there.",
    command: 'df -h; docker system df',
  },
];
