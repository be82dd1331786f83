import {
  Module,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import type { Express } from 'express';
import { CHAIN, PylonChain } from '@horde/chain';
import { DatabaseModule } from '@horde/database';
import { LOGGER, HealthModule, type Logger } from '@horde/operations';
import { QueueModule } from '@horde/queue';
import { AuthController } from './auth/auth.controller.ts';
import { Authenticator } from './auth/authenticator.ts';
import { Nonces } from './auth/nonces.ts';
import { Tokens } from './auth/tokens.ts';
import { Whitelist } from './auth/whitelist.ts';
import { databaseOptions } from './database.ts';
import { RefusalFilter } from './http/refusal.filter.ts';
import { SlashesMiddleware } from './http/slashes.middleware.ts';
import { JobRetention } from './jobs/job-retention.ts';
import { JobStatuses } from './jobs/job-statuses.ts';
import { JobsController } from './jobs/jobs.controller.ts';
import { Jobs } from './jobs/jobs.ts';
import { Metrics } from './metrics/metrics.ts';
import { MetricsController } from './metrics/metrics.controller.ts';
import { FacilitatorSettings } from './settings.ts';
import { ValidatorGateway } from './validator-link/validator.gateway.ts';
import { Channels } from './validators/channels.ts';
import { ValidatorDirectory } from './validators/validator-directory.ts';
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
  JobRetention,
];

/** The facilitator: takes users' jobs over HTTP and passes them to validators over websockets. */
@Module({})
export class FacilitatorModule implements NestModule {
  constructor({ httpAdapter }: HttpAdapterHost) {
    const express = httpAdapter.getInstance<Express>();
    express.disable('x-powered-by');
    express.disable('etag'); // Jobs are polled and change: a hash of each answer's megabytes would gain nothing.
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(SlashesMiddleware).forRoutes('{*path}');
  }

  static with(settings: FacilitatorSettings, logger: Logger): DynamicModule {
    const { databaseUrl, redisUrl } = settings;
    return {
      module: FacilitatorModule,
      imports: [
        HealthModule.forRoot(),
        DatabaseModule.forRoot({ ...databaseOptions(databaseUrl), redisUrl }),
        QueueModule.forRoot({ service: 'facilitator', databaseUrl, redisUrl }),
      ],
      controllers: [AuthController, JobsController, MetricsController],
      providers: [
        ...commonProviders(settings, logger),
        { provide: APP_FILTER, useClass: RefusalFilter },
        Authenticator,
        Nonces,
        Tokens,
        Jobs,
        JobStatuses,
        Metrics,
        Channels,
        ValidatorSync,
        ValidatorGateway,
      ],
    };
  }
}
