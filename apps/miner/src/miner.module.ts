import { Module, type Type } from '@nestjs/common';
import { alertParts } from '@horde/alerts';
import { backupParts } from '@horde/backup';
import { CHAIN, type SigningChain } from '@horde/chain';
import { DynamicConfig, DynamicConfigRefresh } from '@horde/dynamic-config';
import { Database, DatabaseModule, JobOutputStore, SoleProcess } from '@horde/database';
import { PublicAddress, type ExecutorManager } from '@horde/executor-manager';
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
import { AnnouncementSchedule } from './background/announcement-schedule.ts';
import { Announcement } from './chain/announcement.ts';
import { MainHotkeys } from './chain/main-hotkey.ts';
import { CommandLine, Checks } from './checks/checks.ts';
import { CheckRuns } from './checks/check-runs.ts';
import { CheckStreams } from './checks/check-streams.ts';
import { databaseOptions } from './migrations/database-options.ts';
import { MinerConfig } from './dynamic-config/miner-config.ts';
import { ExecutorDelivery } from './executors/executor-delivery.ts';
import { ExecutorOutput } from './executors/executor-output.ts';
import { ExecutorMessages } from './executors/executor-messages.ts';
import { ExecutorSessions } from './executors/executor-sessions.ts';
import { ExecutorSupervisor } from './executors/executor-supervisor.ts';
import { JobExecutors } from './executors/job-executors.ts';
import { ExecutorGateway } from './executors/executor.gateway.ts';
import { MinerAddress } from './executors/miner-address.ts';
import { OrphanExecutors } from './background/orphan-executors.ts';
import { OverdueJobs } from './background/overdue-jobs.ts';
import { RunningExecutors } from './executors/running-executors.ts';
import { WarmExecutors } from './executors/warm-executors.ts';
import { WarmSessions } from './jobs/warm-sessions.ts';
import { WarmTable } from './executors/warm-table.ts';
import { StoredMetrics } from './http/stored-metrics.ts';
import { minerConditions } from './metrics/conditions.ts';
import { metricsOptions } from './metrics/metrics-options.ts';
import { MetricsRegistry } from './metrics/metrics-registry.ts';
import { RootController } from './http/root.controller.ts';
import { ImagePreparation } from './background/image-preparation.ts';
import { Draining } from './jobs/draining.ts';
import { FreedSlots } from './jobs/freed-slots.ts';
import { JobCancellation } from './jobs/job-cancellation.ts';
import { JobIntake } from './jobs/job-intake.ts';
import { jobFrames } from './jobs/job-frames.ts';
import { JobOutputs } from './jobs/job-outputs.ts';
import { JobPayloads } from './jobs/job-payloads.ts';
import { JobRequests } from './jobs/job-requests.ts';
import { JobSignature } from './jobs/job-signature.ts';
import { Jobs } from './jobs/jobs.ts';
import { SlotQueue } from './jobs/slot-queue.ts';
import { Slots } from './jobs/slots.ts';
import { ManifestCommitment } from './background/manifest-commitment.ts';
import { ManifestNews } from './background/manifest-news.ts';
import { DatabaseRetry } from './database/database-retry.ts';
import { EXECUTOR_LINK, EXECUTOR_MANAGER, VALIDATOR_LINK } from './tokens.ts';
import { ChecksController } from './panel/checks.controller.ts';
import { ExecutorHosts } from './panel/executor-hosts.ts';
import { JobList } from './panel/job-list.ts';
import { JobPages } from './panel/job-pages.ts';
import { JobsController } from './panel/jobs.controller.ts';
import { Overview } from './panel/overview.ts';
import { OverviewController } from './panel/overview.controller.ts';
import { minerPanel } from './panel/panel-document.ts';
import { ReceiptList } from './panel/receipt-list.ts';
import { ValidatorList } from './panel/validator-list.ts';
import { ValidatorsController } from './panel/validators.controller.ts';
import { RandomReceipts } from './receipts/random-receipts.ts';
import { ReceiptChecks } from './receipts/receipt-checks.ts';
import { ReceiptCounts } from './receipts/receipt-counts.ts';
import { ReceiptIntake } from './receipts/receipt-intake.ts';
import { ReceiptPages } from './receipts/receipt-pages.ts';
import { ReceiptPagesController } from './receipts/receipt-pages.controller.ts';
import { OldRecords } from './retention/old-records.ts';
import { ReceiptSchedules } from './background/receipt-schedules.ts';
import { Receipts } from './receipts/receipts.ts';
import { MinerSettings } from './settings.ts';
import { endedJobs } from './traces/ended-jobs.ts';
import { Sockets } from './http/sockets.ts';
import { Authentication } from './validators/authentication.ts';
import { ConnectionLimits } from './validators/connection-limits.ts';
import { OutboxCleaning } from './background/outbox-cleaning.ts';
import { ValidatorDelivery } from './validators/validator-delivery.ts';
import { ValidatorRates } from './validators/validator-rates.ts';
import { ValidatorMessages } from './validators/validator-messages.ts';
import { DepartedValidators } from './background/departed-validators.ts';
import { ValidatorSync } from './background/validator-sync.ts';
import { ValidatorGateway } from './validators/validator.gateway.ts';
import { Validators } from './directory/validators.ts';
import { VersionController } from './http/version.controller.ts';

/** What the miner reaches the world through. */
export interface MinerParts {
  keypair: Keypair;
  chain: SigningChain;
  manager: ExecutorManager;
  /** That no other miner works on its database. */
  sole?: SoleProcess;
  /** How its own commands are started: a program and its first arguments. @default as this process was */
  commandLine?: readonly string[];
}

/** The miner with these settings and parts. */
export function minerModule(settings: MinerSettings, logger: Logger, parts: MinerParts): Type {
  const { databaseUrl, redisUrl } = settings;
  const { sole = new SoleProcess(), commandLine = [process.execPath, process.argv[1]!] } = parts;

  @Module({
    imports: [
      HealthModule.forRoot(),
      MetricsAccessModule.forRoot(settings, logger),
      TlsModule.forRoot(settings, logger),
      DatabaseModule.forRoot({ ...databaseOptions(databaseUrl), redisUrl, sole }),
      PanelModule.forRoot(minerPanel, settings, logger),
      QueueModule.forRoot({ service: 'miner', databaseUrl, redisUrl }),
    ],
    controllers: [
      ReceiptPagesController,
      VersionController,
      MetricsController,
      RootController,
      OverviewController,
      JobsController,
      ValidatorsController,
      ChecksController,
      ConfigurationController,
      JobFramesController,
      JobOutputController,
    ],
    providers: [
      { provide: MinerSettings, useValue: settings },
      { provide: LOGGER, useValue: logger },
      { provide: Keypair, useValue: parts.keypair },
      { provide: CHAIN, useValue: parts.chain },
      { provide: EXECUTOR_MANAGER, useValue: parts.manager },
      { provide: PublicAddress, useValue: publicAddress(settings) },
      DatabaseRetry,
      MinerConfig,
      { provide: DynamicConfig, useExisting: MinerConfig },
      {
        provide: DynamicConfigRefresh,
        useFactory: (config: MinerConfig, queues: Queues) => new DynamicConfigRefresh(config, queues, logger),
        inject: [MinerConfig, Queues],
      },
      Announcement,
      AnnouncementSchedule,
      MainHotkeys,
      ManifestCommitment,
      ManifestNews,
      ImagePreparation,
      Validators,
      ValidatorSync,
      DepartedValidators,
      Authentication,
      ValidatorDelivery,
      { provide: VALIDATOR_LINK, useExisting: ValidatorDelivery },
      ConnectionLimits,
      ValidatorRates,
      OutboxCleaning,
      ValidatorMessages,
      ValidatorGateway,
      Jobs,
      Draining,
      FreedSlots,
      Slots,
      SlotQueue,
      JobIntake,
      JobRequests,
      JobCancellation,
      jobFrames(settings, logger),
      JobOutputs,
      { provide: JobOutputStore, useFactory: ({ store }: JobOutputs) => store, inject: [JobOutputs] },
      JobPayloads,
      JobSignature,
      Receipts,
      ReceiptPages,
      ReceiptChecks,
      ReceiptCounts,
      ReceiptIntake,
      OldRecords,
      ReceiptSchedules,
      ExecutorOutput,
      ExecutorSessions,
      RunningExecutors,
      WarmSessions,
      WarmTable,
      WarmExecutors,
      OrphanExecutors,
      ExecutorSupervisor,
      JobExecutors,
      { provide: EXECUTOR_LINK, useExisting: JobExecutors },
      ExecutorMessages,
      ExecutorDelivery,
      ExecutorGateway,
      OverdueJobs,
      MinerAddress,
      Sockets,
      ...metricsParts(MetricsRegistry, metricsOptions(settings)),
      ...alertParts({ service: 'miner', conditions: minerConditions }, settings),
      ...backupParts('miner', settings),
      StoredMetrics,
      {
        provide: JobTraces,
        useFactory: (database: Database) => new JobTraces('miner', endedJobs, database, logger),
        inject: [Database],
      },
      ExecutorHosts,
      Overview,
      JobList,
      JobPages,
      ReceiptList,
      ValidatorList,
      { provide: CommandLine, useValue: new CommandLine(commandLine) },
      CheckRuns,
      Checks,
      CheckStreams,
    ],
  })
  class MinerModule {}
  return MinerModule;
}

/**
 * The parts of the miner that commands need, without anything that runs by itself.
 *
 * @param signing what the parts that write on the chain need; without it they are not there
 */
export function commandModule(
  settings: MinerSettings,
  logger: Logger,
  signing?: Pick<MinerParts, 'keypair' | 'chain'>,
): Type {
  const signingParts = signing && [
    { provide: Keypair, useValue: signing.keypair },
    { provide: CHAIN, useValue: signing.chain },
    { provide: PublicAddress, useValue: publicAddress(settings) },
    Announcement,
  ];

  @Module({
    imports: [
      HealthModule.forRoot(),
      DatabaseModule.forRoot({ ...databaseOptions(settings.databaseUrl), redisUrl: settings.redisUrl }),
    ],
    providers: [
      { provide: MinerSettings, useValue: settings },
      { provide: LOGGER, useValue: logger },
      Validators,
      MinerConfig,
      Receipts,
      ReceiptPages,
      OldRecords,
      LastDone,
      RandomReceipts,
      ReceiptList,
      JobPages,
      Operators,
      ...(signingParts ?? []),
    ],
  })
  class CommandModule {}
  return CommandModule;
}

const publicAddress = ({ minerAddress, publicAddressServices }: MinerSettings): PublicAddress =>
  new PublicAddress({ configured: minerAddress, services: publicAddressServices });
