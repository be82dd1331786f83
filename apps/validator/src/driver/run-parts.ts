import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { LOGGER, type Logger } from '@horde/operations';
import { Allowance } from '../allowance/allowance.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { SystemEvents } from '../events/system-events.ts';
import { Incidents } from '../incidents/incidents.ts';
import { Attempts } from '../jobs/attempts.ts';
import { JobOutputs } from '../jobs/job-outputs.ts';
import { Jobs } from '../jobs/jobs.ts';
import { MachineSpecsRelay } from '../jobs/machine-specs-relay.ts';
import { ProgressRelay } from '../jobs/progress-relay.ts';
import type { StageLimits } from '../jobs/stages.ts';
import { WaitingJobs } from '../jobs/waiting-jobs.ts';
import { MinerDelivery } from '../miner/miner-delivery.ts';
import { MinerLinks } from '../miner/miner-links.ts';
import { Receipts } from '../receipts/receipts.ts';
import { ConnectionManifests } from '../routing/connection-manifests.ts';
import { LiveOutput } from './live-output.ts';
import { StreamingAddresses } from './streaming-addresses.ts';
import { NextMiner } from './next-miner.ts';

/** What all runs need of the rest of the validator. */
@Injectable()
export class DriverParts {
  constructor(
    readonly database: Database,
    readonly jobs: Jobs,
    readonly waiting: WaitingJobs,
    readonly attempts: Attempts,
    readonly next: NextMiner,
    readonly receipts: Receipts,
    readonly delivery: MinerDelivery,
    readonly incidents: Incidents,
    readonly allowance: Allowance,
    readonly manifests: ConnectionManifests,
    readonly machines: MachineSpecsRelay,
    readonly addresses: StreamingAddresses,
    readonly links: MinerLinks,
    readonly output: LiveOutput,
    readonly outputs: JobOutputs,
    readonly progress: ProgressRelay,
    readonly events: SystemEvents,
    readonly keypair: Keypair,
    readonly config: ValidatorConfig,
    @Inject(LOGGER) readonly logger: Logger,
  ) {}

  /** What a run gets that begins now: settings stay for it what they are. */
  ofRun(): RunParts {
    const trustedEvents = !this.config.get('DYNAMIC_DISABLE_TRUSTED_ORGANIC_JOB_EVENTS');
    return { ...this, limits: this.config.limits, trustedEvents };
  }
}

/** What a run needs of the rest of the validator. */
export interface RunParts extends Omit<DriverParts, 'ofRun'> {
  limits: StageLimits;
  /** Whether jobs on the trusted miner leave events. */
  trustedEvents: boolean;
}
