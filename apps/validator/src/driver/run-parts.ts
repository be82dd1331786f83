import type { Database } from '@horde/database';
import type { Keypair } from '@horde/identity';
import type { Logger } from '@horde/operations';
import type { Allowance } from '../allowance/allowance.ts';
import type { SystemEvents } from '../events/system-events.ts';
import type { Incidents } from '../incidents/incidents.ts';
import type { Attempts } from '../jobs/attempts.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { StageLimits } from '../jobs/stages.ts';
import type { WaitingJobs } from '../jobs/waiting-jobs.ts';
import type { MinerClient } from '../miner/miner-client.ts';
import type { MinerDelivery } from '../miner/miner-delivery.ts';
import type { Receipts } from '../receipts/receipts.ts';
import type { ToldManifests } from '../routing/told-manifests.ts';
import type { LiveOutput } from './live-output.ts';
import type { StreamingAddresses } from './streaming-addresses.ts';
import type { NextMiner } from './next-miner.ts';

/** What a run needs of the rest of the validator. */
export interface RunParts {
  database: Database;
  jobs: Jobs;
  waiting: WaitingJobs;
  attempts: Attempts;
  next: NextMiner;
  receipts: Receipts;
  delivery: MinerDelivery;
  incidents: Incidents;
  allowance: Allowance;
  told: ToldManifests;
  addresses: StreamingAddresses;
  miners: MinerClient;
  output: LiveOutput;
  events: SystemEvents;
  keypair: Keypair;
  limits: StageLimits;
  /** Whether jobs on the trusted miner leave events. */
  trustedEvents: boolean;
  logger: Logger;
}
