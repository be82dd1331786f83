import { Module, type Provider, type Type } from '@nestjs/common';
import { CHAIN } from '@horde/chain';
import { DatabaseModule, Outbox } from '@horde/database';
import { DynamicConfigRefresh } from '@horde/dynamic-config';
import { Keypair } from '@horde/identity';
import { HealthModule, LOGGER, type Logger } from '@horde/operations';
import { QueueModule, Queues } from '@horde/queue';
import { allowanceProviders, bookingProviders, paidJobsProviders } from './allowance/parts.ts';
import { databaseOptions } from './database.ts';
import { ValidatorConfig } from './dynamic-config/validator-config.ts';
import { EventPush } from './events/event-push.ts';
import { SystemEvents } from './events/system-events.ts';
import { Dispatcher } from './driver/dispatcher.ts';
import { FreshLook } from './driver/fresh-look.ts';
import { NextMiner } from './driver/next-miner.ts';
import { Attempts } from './jobs/attempts.ts';
import { Blacklist } from './blacklist/blacklist.ts';
import { Capacity } from './capacity/capacity.ts';
import { CheatReports } from './facilitator/cheat-reports.ts';
import { FacilitatorLinks } from './facilitator/facilitator-links.ts';
import { Excuses } from './incidents/excuses.ts';
import { IncidentMetrics } from './incidents/incident-metrics.ts';
import { Incidents } from './incidents/incidents.ts';
import { Cheats } from './cheats/cheats.ts';
import { Slashings } from './cheats/slashings.ts';
import { COLLATERAL } from './collateral/collateral.ts';
import { openCollateral } from './collateral/open-collateral.ts';
import { JobDriver } from './driver/job-driver.ts';
import { Cancellations } from './jobs/cancellations.ts';
import { LoneJob } from './driver/lone-job.ts';
import { DriverParts } from './driver/run-parts.ts';
import { JobIntake } from './jobs/job-intake.ts';
import { JobBell } from './jobs/job-bell.ts';
import { Jobs } from './jobs/jobs.ts';
import { StatusUpdates } from './jobs/status-updates.ts';
import { MachineSpecsRelay } from './jobs/machine-specs-relay.ts';
import { StreamingAddresses } from './driver/streaming-addresses.ts';
import { LiveOutput } from './driver/live-output.ts';
import { MinerClient } from './miner/miner-client.ts';
import { makeChain } from './make-chain.ts';
import { ownHotkey } from './own-hotkey.ts';
import { MinerDelivery } from './miner/miner-delivery.ts';
import { ReceiptQueries } from './receipts/receipt-queries.ts';
import { Receipts } from './receipts/receipts.ts';
import { ValidatorSchedule } from './receipts/transfer/validator-schedule.ts';
import { transferParts } from './receipts/transfer/transfer-parts.ts';
import { TransferSchedule } from './receipts/transfer/transfer-schedule.ts';
import { MinerDirectory } from './routing/miner-directory.ts';
import { OldRecords } from './retention/old-records.ts';
import { Retention } from './retention/retention.ts';
import { MinerSchedule } from './routing/miner-schedule.ts';
import { Candidates } from './routing/candidates.ts';
import { Decisions } from './routing/decisions.ts';
import { ConnectionManifests } from './routing/connection-manifests.ts';
import { KnownMiners } from './routing/known-miners.ts';
import { Router } from './routing/router.ts';
import { ShieldedMiners } from './routing/shielded-miners.ts';
import { CHANCE } from './routing/shuffle.ts';
import { ValidatorSettings } from './settings.ts';
import { Metrics } from './http/metrics.ts';
import { MetricsController } from './http/metrics.controller.ts';
import { MetricsRegistry } from './metrics/metrics-registry.ts';
import { weightParts } from './weights/parts.ts';
import { WeightsStore } from './weights/weights-store.ts';
import { WeightSchedule } from './weights/weight-schedule.ts';
import { VersionController } from './http/version.controller.ts';
import { WaitingJobs } from './jobs/waiting-jobs.ts';
import { Whitelist } from './whitelist/whitelist.ts';

/** What it takes to give jobs to miners and to drive them, without anything that begins one by itself. */
const jobParts = (settings: ValidatorSettings, logger: Logger): Provider[] => [
  { provide: ValidatorSettings, useValue: settings },
  { provide: LOGGER, useValue: logger },
  { provide: CHAIN, useFactory: () => makeChain(settings) },
  { provide: CHANCE, useValue: Math.random },
  { provide: COLLATERAL, useFactory: () => openCollateral(settings.collateral, logger) },
  Attempts,
  Blacklist,
  Cancellations,
  Candidates,
  Capacity,
  Decisions,
  DriverParts,
  Excuses,
  FreshLook,
  IncidentMetrics,
  Incidents,
  JobBell,
  Jobs,
  KnownMiners,
  LiveOutput,
  MachineSpecsRelay,
  MetricsRegistry,
  MinerClient,
  MinerDelivery,
  MinerDirectory,
  NextMiner,
  ReceiptQueries,
  Receipts,
  Router,
  ShieldedMiners,
  StreamingAddresses,
  SystemEvents,
  ConnectionManifests,
  ValidatorConfig,
  WaitingJobs,
];

/** All of the validator, for these settings. */
export function validatorModule(settings: ValidatorSettings, logger: Logger): Type {
  const { databaseUrl, redisUrl } = settings;

  @Module({
    imports: [
      HealthModule.forRoot(),
      DatabaseModule.forRoot({ ...databaseOptions(databaseUrl), redisUrl }),
      QueueModule.forRoot({ service: 'validator', databaseUrl, redisUrl }),
    ],
    controllers: [VersionController, MetricsController],
    providers: [
      ...jobParts(settings, logger),
      ...allowanceProviders,
      { provide: Keypair, useFactory: () => ownHotkey(settings, logger) },
      {
        provide: DynamicConfigRefresh,
        useFactory: (config: ValidatorConfig, queues: Queues) =>
          new DynamicConfigRefresh(config, queues, logger),
        inject: [ValidatorConfig, Queues],
      },
      Metrics,
      EventPush,
      CheatReports,
      Cheats,
      Slashings,
      StatusUpdates,
      Dispatcher,
      FacilitatorLinks,
      JobDriver,
      JobIntake,
      MinerSchedule,
      OldRecords,
      Retention,
      ...weightParts,
      WeightSchedule,
      ...transferParts,
      TransferSchedule,
      ValidatorSchedule,
      Whitelist,
    ],
  })
  class ValidatorModule {}
  return ValidatorModule;
}

/**
 * The parts of the validator that commands need, without anything that runs by itself.
 *
 * @param keypair for those commands that use the chain and the miners
 */
export function commandModule(settings: ValidatorSettings, logger: Logger, keypair?: Keypair): Type {
  const { databaseUrl, redisUrl } = settings;
  const signingParts = keypair && [
    { provide: Keypair, useValue: keypair },
    MinerClient,
    ...paidJobsProviders,
    ReceiptQueries,
    SystemEvents,
    ...weightParts,
  ];

  @Module({
    imports: [HealthModule.forRoot(), DatabaseModule.forRoot({ ...databaseOptions(databaseUrl), redisUrl })],
    providers: [
      { provide: ValidatorSettings, useValue: settings },
      { provide: LOGGER, useValue: logger },
      { provide: CHAIN, useFactory: () => makeChain(settings) },
      MetricsRegistry,
      ValidatorConfig,
      ...(signingParts ?? [WeightsStore]),
      ...transferParts,
      Blacklist,
      Decisions,
      Cancellations,
      JobBell,
      Jobs,
      StatusUpdates,
    ],
  })
  class CommandModule {}
  return CommandModule;
}

/**
 * What a command needs that gives a job to a miner, or looks after what jobs depend on.
 *
 * @param updates is told what becomes of the job
 */
export function jobCommandModule(
  settings: ValidatorSettings,
  logger: Logger,
  keypair: Keypair,
  updates: (outbox: Outbox) => StatusUpdates,
): Type {
  const { databaseUrl, redisUrl } = settings;

  @Module({
    imports: [HealthModule.forRoot(), DatabaseModule.forRoot({ ...databaseOptions(databaseUrl), redisUrl })],
    providers: [
      ...jobParts(settings, logger),
      ...bookingProviders,
      { provide: Keypair, useValue: keypair },
      { provide: StatusUpdates, useFactory: updates, inject: [Outbox] },
      LoneJob,
      OldRecords,
    ],
  })
  class JobCommandModule {}
  return JobCommandModule;
}
