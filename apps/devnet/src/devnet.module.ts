import { Module, type MiddlewareConsumer, type OnApplicationShutdown, type Type } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import type { ExpressAdapter } from '@nestjs/platform-express';
import { HealthModule, type Logger } from '@horde/operations';
import { BlocksController } from './blocks/blocks.controller.ts';
import { FaultsController } from './faults/faults.controller.ts';
import { FaultsMiddleware } from './faults/faults.middleware.ts';
import { Faults } from './faults/faults.ts';
import { ErrorsFilter } from './http/errors.filter.ts';
import { Ledger } from './ledger/ledger.ts';
import { AnnouncementController } from './management/announcement.controller.ts';
import { ManagementController } from './management/management.controller.ts';
import { ChainController } from './pylon/chain.controller.ts';
import { IdentityController } from './pylon/identity.controller.ts';
import { SubnetController } from './pylon/subnet.controller.ts';
import { DevnetSettings } from './settings.ts';

/** The devnet's parts around an open ledger. */
export function devnetModule(settings: DevnetSettings, ledger: Ledger, logger: Logger): Type {
  @Module({
    imports: [HealthModule.forRoot()],
    // The order matters: "commitments/self" is the identity's own, not of a hotkey named self.
    controllers: [
      ChainController,
      IdentityController,
      SubnetController,
      AnnouncementController,
      ManagementController,
      BlocksController,
      FaultsController,
    ],
    providers: [
      { provide: DevnetSettings, useValue: settings },
      { provide: Ledger, useValue: ledger },
      Faults,
      { provide: APP_FILTER, useValue: new ErrorsFilter(logger) },
    ],
  })
  class DevnetModule implements OnApplicationShutdown {
    constructor(host: HttpAdapterHost<ExpressAdapter>) {
      host.httpAdapter.useBodyParser('json', false, { limit: '1mb' });
    }

    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(FaultsMiddleware).forRoutes('api/v1/*path');
    }

    async onApplicationShutdown(): Promise<void> {
      await ledger.close();
    }
  }
  return DevnetModule;
}
