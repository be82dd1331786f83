import { Module, type Provider, type Type } from '@nestjs/common';
import { alertParts } from '@horde/alerts';
import { backupParts } from '@horde/backup';
import { CHAIN } from '@horde/chain';
import { Database, DatabaseModule, JobOutputStore, Outbox } from '@horde/database';
import { DynamicConfig, DynamicConfigRefresh } from '@horde/dynamic-config';
import { Keypair } from '@horde/identity';
import { LastDone, MetricsController, metricsParts } from '@horde/metrics';
import { HealthModule, LOGGER, MetricsAccessModule, type Logger } from '@horde/operations';
import {
  ConfigurationController,
  JobFramesController,
  JobOutputController,
  Operators,
  PanelModule,
} from '@horde/panel-server';
import { QueueModule, Queues } from '@horde/queue';
import { TlsModule } from '@horde/tls';
import { JobTraces } from '@horde/tracing';
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
import { Questions } from './jobs/questions.ts';
import { LoneJob } from './driver/lone-job.ts';
import { DriverParts } from './driver/run-parts.ts';
import { JobIntake } from './jobs/job-intake.ts';
import { JobBell } from './jobs/job-bell.ts';
import { Jobs } from './jobs/jobs.ts';
import { StatusUpdates } from './jobs/status-updates.ts';
import { MachineSpecsRelay } from './jobs/machine-specs-relay.ts';
import { StreamingAddresses } from './driver/streaming-addresses.ts';
import { LateOutput } from './driver/late-output.ts';
import { LiveOutput } from './driver/live-output.ts';
import { MinerClient } from './miner/miner-client.ts';
import { makeChain } from './make-chain.ts';
import { ownHotkey } from './own-hotkey.ts';
import { MinerDelivery } from './miner/miner-delivery.ts';
import { MinerLinks } from './miner/miner-links.ts';
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
import { Answers } from './routing/answers.ts';
import { Decisions } from './routing/decisions.ts';
import { ExpectedWait } from './routing/expected-wait.ts';
import { ConnectionManifests } from './routing/connection-manifests.ts';
import { KnownMiners } from './routing/known-miners.ts';
import { Router } from './routing/router.ts';
import { ShieldCertificates } from './shield/shield-certificates.ts';
import { ShieldedMiners } from './shield/shielded-miners.ts';
import { CHANCE } from './routing/shuffle.ts';
import { ValidatorSettings } from './settings.ts';
import { StoredMetrics } from './metrics/stored-metrics.ts';
import { Overview } from './panel/overview.ts';
import { JobChanges } from './panel/jobs/job-changes.ts';
import { JobList } from './panel/jobs/job-list.ts';
import { JobPages } from './panel/jobs/job-page.ts';
import { JobsController } from './panel/jobs/jobs.controller.ts';
import { validatorPanel } from './panel/panel-document.ts';
import { OverviewController } from './panel/overview.controller.ts';
import { recordControllers, recordProviders } from './panel/record-pages.ts';
import { validatorConditions } from './metrics/conditions.ts';
import { metricsOptions } from './metrics/metrics-options.ts';
import { MetricsPush } from './metrics/metrics-push.ts';
import { MetricsRegistry } from './metrics/metrics-registry.ts';
import { endedJobs } from './traces/ended-jobs.ts';
import { weightParts } from './weights/parts.ts';
import { WeightsStore } from './weights/weights-store.ts';
import { WeightSchedule } from './weights/weight-schedule.ts';
import { VersionController } from './http/version.controller.ts';
import { jobFrames } from './jobs/job-frames.ts';
import { JobOutputs } from './jobs/job-outputs.ts';
import { ProgressRelay } from './jobs/progress-relay.ts';
import { WaitingJobs } from './jobs/waiting-jobs.ts';
import { Whitelist } from './whitelist/whitelist.ts';
import { WhitelistChanges } from './whitelist/whitelist-changes.ts';

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
  jobFrames(settings, logger),
  JobBell,
  JobOutputs,
  { provide: JobOutputStore, useFactory: ({ store }: JobOutputs) => store, inject: [JobOutputs] },
  Jobs,
  KnownMiners,
  LiveOutput,
  MachineSpecsRelay,
  MetricsRegistry,
  MinerClient,
  MinerDelivery,
  MinerDirectory,
  MinerLinks,
  NextMiner,
  ReceiptQueries,
  Receipts,
  Router,
  ShieldCertificates,
  ShieldedMiners,
  StreamingAddresses,
  SystemEvents,
  ConnectionManifests,
  ValidatorConfig,
  WaitingJobs,
  ProgressRelay,
];

/** All of the validator, for these settings. */
export function validatorModule(settings: ValidatorSettings, logger: Logger): Type {
  const { databaseUrl, redisUrl } = settings;

  @Module({
    imports: [
      HealthModule.forRoot(),
      MetricsAccessModule.forRoot(settings, logger),
      TlsModule.forRoot(settings, logger),
      DatabaseModule.forRoot({ ...databaseOptions(databaseUrl), redisUrl }),
      PanelModule.forRoot(validatorPanel, settings, logger),
      QueueModule.forRoot({ service: 'validator', databaseUrl, redisUrl }),
    ],
    controllers: [
      VersionController,
      MetricsController,
      OverviewController,
      JobsController,
      ConfigurationController,
      JobFramesController,
      JobOutputController,
      ...recordControllers,
    ],
    providers: [
      ...jobParts(settings, logger),
      ...allowanceProviders,
      { provide: Keypair, useFactory: () => ownHotkey(settings, logger) },
      { provide: DynamicConfig, useExisting: ValidatorConfig },
      {
        provide: DynamicConfigRefresh,
        useFactory: (config: ValidatorConfig, queues: Queues) =>
          new DynamicConfigRefresh(config, queues, logger),
        inject: [ValidatorConfig, Queues],
      },
      StoredMetrics,
      ...metricsParts(MetricsRegistry, metricsOptions(settings)),
      ...alertParts({ service: 'validator', conditions: validatorConditions }, settings),
      ...backupParts('validator', settings),
      EventPush,
      MetricsPush,
      CheatReports,
      Cheats,
      Slashings,
      StatusUpdates,
      Dispatcher,
      FacilitatorLinks,
      ExpectedWait,
      { provide: Questions, useClass: Answers },
      JobDriver,
      LateOutput,
      JobIntake,
      MinerSchedule,
      OldRecords,
      Retention,
      ...weightParts,
      WeightSchedule,
      ...transferParts,
      TransferSchedule,
      ValidatorSchedule,
      {
        provide: JobTraces,
        useFactory: (database: Database) => new JobTraces('validator', endedJobs, database, logger),
        inject: [Database],
      },
      Whitelist,
      WhitelistChanges,
      Overview,
      JobList,
      JobPages,
      JobChanges,
      ...recordProviders,
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
    jobFrames(settings, logger),
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
      Operators,
      StatusUpdates,
      WhitelistChanges,
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
      LastDone,
    ],
  })
  class JobCommandModule {}
  return JobCommandModule;
}
