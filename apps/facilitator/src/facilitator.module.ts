import {
  Module,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import type { Express } from 'express';
import { alertParts } from '@horde/alerts';
import { backupParts } from '@horde/backup';
import { CHAIN, PylonChain } from '@horde/chain';
import { Database, DatabaseModule } from '@horde/database';
import { DynamicConfig } from '@horde/dynamic-config';
import { MetricsController, metricsParts } from '@horde/metrics';
import { HealthModule, LOGGER, MetricsAccessModule, type Logger } from '@horde/operations';
import { ConfigurationController, PanelModule } from '@horde/panel-server';
import { QueueModule } from '@horde/queue';
import { TlsModule } from '@horde/tls';
import { JobTraces } from '@horde/tracing';
import { RefusalFilter } from '@horde/rest';
import { AuthController } from './auth/auth.controller.ts';
import { Authenticator } from './auth/authenticator.ts';
import { Nonces } from './auth/nonces.ts';
import { RateLimits } from './auth/rate-limits.ts';
import { Tokens } from './auth/tokens.ts';
import { Whitelist } from './auth/whitelist.ts';
import { CheatReportsController } from './cheat-reports/cheat-reports.controller.ts';
import { CheatReports } from './cheat-reports/cheat-reports.ts';
import { databaseOptions } from './database.ts';
import { ConfigRefresh } from './dynamic-config/config-refresh.ts';
import { FacilitatorConfig } from './dynamic-config/facilitator-config.ts';
import { Feedback } from './feedback/feedback.ts';
import { FeedbackController } from './feedback/feedback.controller.ts';
import { EventStreams } from './events/event-streams.ts';
import { JobEventsController } from './events/events.controller.ts';
import { JobEvents } from './events/job-events.ts';
import { JobProgress } from './events/job-progress.ts';
import { JobNews } from './events/job-news.ts';
import { OpenStreams } from './events/open-streams.ts';
import { KeptOutput } from './events/kept-output.ts';
import { RecordedEvents } from './events/recorded-events.ts';
import { StoredOutput } from './events/stored-output.ts';
import { corsOptions } from './http/cors.ts';
import { SlashesMiddleware } from './http/slashes.middleware.ts';
import { CancelController } from './jobs/cancel.controller.ts';
import { AnswerDeadlines } from './jobs/answer-deadlines.ts';
import { Cancellations } from './jobs/cancellations.ts';
import { OverdueJobs } from './jobs/overdue-jobs.ts';
import { JobLists } from './jobs/job-lists.ts';
import { IdempotencyKeys } from './jobs/idempotency-keys.ts';
import { JobRetention } from './jobs/job-retention.ts';
import { JobStatuses } from './jobs/job-statuses.ts';
import { JobsController } from './jobs/jobs.controller.ts';
import { Jobs } from './jobs/jobs.ts';
import { Machines } from './machines/machines.ts';
import { BusinessMetrics } from './metrics/business-metrics.ts';
import { facilitatorConditions } from './metrics/conditions.ts';
import { metricsOptions } from './metrics/metrics-options.ts';
import { MetricsRegistry } from './metrics/metrics-registry.ts';
import { ModelMetrics } from './metrics/model-metrics.ts';
import { RequestMetrics } from './metrics/request-metrics.ts';
import { StoredMetrics } from './metrics/stored-metrics.ts';
import { MinerDirectory } from './miners/miner-directory.ts';
import { MinerSync } from './miners/miner-sync.ts';
import { MinerVersions } from './miners/miner-versions.ts';
import { Quotas } from './jobs/quotas.ts';
import { OldRecords } from './retention/old-records.ts';
import { Retention } from './retention/retention.ts';
import { DescribeController } from './questions/describe.controller.ts';
import { Descriptions } from './questions/descriptions.ts';
import { DryRuns } from './questions/dry-runs.ts';
import { Questions } from './questions/questions.ts';
import { OutputStore } from './output/output-store.ts';
import { OpenApiController } from './openapi/openapi.controller.ts';
import { ArtifactsController } from './panel/artifacts.controller.ts';
import { CheatReportList } from './panel/cheat-report-list.ts';
import { PanelCheatReportsController } from './panel/cheat-reports.controller.ts';
import { PanelFeedbackController } from './panel/feedback.controller.ts';
import { PanelFeedbackList } from './panel/feedback-list.ts';
import { JobArtifacts } from './panel/job-artifacts.ts';
import { JobPages } from './panel/job-page.ts';
import { PanelMiners } from './panel/miner-list.ts';
import { PanelMinersController } from './panel/miners.controller.ts';
import { ValidatorPages } from './panel/validator-page.ts';
import { PanelJobs } from './panel/job-list.ts';
import { Overview } from './panel/overview.ts';
import { PanelApiController } from './panel/panel-api.controller.ts';
import { facilitatorPanel } from './panel/panel-document.ts';
import { PanelTables } from './panel/panel-tables.ts';
import { FacilitatorSettings } from './settings.ts';
import { endedJobs } from './traces/ended-jobs.ts';
import { FreshLogins } from './validator-link/fresh-logins.ts';
import { ValidatorGateway } from './validator-link/validator.gateway.ts';
import { Channels } from './validators/channels.ts';
import { ValidatorDirectory } from './validators/validator-directory.ts';
import { ValidatorsController } from './validators/validators.controller.ts';
import { ValidatorSync } from './validators/validator-sync.ts';

/** What commands share with the service: settings, database, chain. */
export const commonProviders = (settings: FacilitatorSettings, logger: Logger): Provider[] => [
  { provide: FacilitatorSettings, useValue: settings },
  { provide: LOGGER, useValue: logger },
  {
    provide: CHAIN,
    useFactory: () =>
      new PylonChain({
        address: settings.pylonAddress,
        netuid: settings.netuid,
        openAccessToken: settings.pylonOpenAccessToken,
      }),
  },
  Whitelist,
  ValidatorDirectory,
  FacilitatorConfig,
  MinerDirectory,
  MinerVersions,
  Machines,
  JobRetention,
  OldRecords,
];

/** The facilitator: takes users' jobs over HTTP and passes them to validators over websockets. */
@Module({})
export class FacilitatorModule implements NestModule {
  constructor(
    { httpAdapter }: HttpAdapterHost,
    private readonly requests: RequestMetrics,
    settings: FacilitatorSettings,
  ) {
    const express = httpAdapter.getInstance<Express>();
    express.disable('x-powered-by');
    if (settings.corsEnabled) httpAdapter.enableCors(corsOptions(settings));
    express.disable('etag'); // Jobs are polled and change: a hash of each answer's megabytes would gain nothing.
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(this.requests.count, SlashesMiddleware).forRoutes('{*path}');
  }

  static with(settings: FacilitatorSettings, logger: Logger): DynamicModule {
    const { databaseUrl, redisUrl } = settings;
    return {
      module: FacilitatorModule,
      imports: [
        HealthModule.forRoot(),
        MetricsAccessModule.forRoot(settings, logger),
        TlsModule.forRoot(settings, logger),
        DatabaseModule.forRoot({ ...databaseOptions(databaseUrl), redisUrl }),
        PanelModule.forRoot(facilitatorPanel, settings, logger),
        QueueModule.forRoot({ service: 'facilitator', databaseUrl, redisUrl }),
      ],
      controllers: [
        AuthController,
        JobsController,
        DescribeController,
        CancelController,
        JobEventsController,
        CheatReportsController,
        FeedbackController,
        ValidatorsController,
        MetricsController,
        OpenApiController,
        PanelApiController,
        ArtifactsController,
        PanelFeedbackController,
        PanelCheatReportsController,
        PanelMinersController,
        ConfigurationController,
      ],
      providers: [
        ...commonProviders(settings, logger),
        { provide: APP_FILTER, useClass: RefusalFilter },
        Authenticator,
        Nonces,
        Tokens,
        RateLimits,
        Jobs,
        IdempotencyKeys,
        Quotas,
        Feedback,
        JobLists,
        Questions,
        DryRuns,
        Descriptions,
        JobStatuses,
        Cancellations,
        AnswerDeadlines,
        OverdueJobs,
        JobNews,
        JobProgress,
        JobEvents,
        RecordedEvents,
        KeptOutput,
        OutputStore,
        StoredOutput,
        OpenStreams,
        EventStreams,
        CheatReports,
        { provide: DynamicConfig, useExisting: FacilitatorConfig },
        ConfigRefresh,
        ...metricsParts(MetricsRegistry, metricsOptions(settings)),
        ...alertParts({ service: 'facilitator', conditions: facilitatorConditions }, settings),
        ...backupParts('facilitator', settings),
        StoredMetrics,
        BusinessMetrics,
        ModelMetrics,
        RequestMetrics,
        Channels,
        ValidatorSync,
        MinerSync,
        Retention,
        FreshLogins,
        ValidatorGateway,
        {
          provide: JobTraces,
          useFactory: (database: Database) => new JobTraces('facilitator', endedJobs, database, logger),
          inject: [Database],
        },
        PanelJobs,
        JobPages,
        JobArtifacts,
        PanelFeedbackList,
        CheatReportList,
        PanelMiners,
        ValidatorPages,
        PanelTables,
        Overview,
      ],
    };
  }
}
