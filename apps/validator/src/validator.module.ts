import { Module, type Type } from '@nestjs/common';
import { PylonChain } from '@horde/chain';
import { DatabaseModule } from '@horde/database';
import { Keypair } from '@horde/identity';
import { HealthModule, type Logger } from '@horde/operations';
import { QueueModule } from '@horde/queue';
import { databaseOptions } from './database.ts';
import { CheatReports } from './facilitator/cheat-reports.service.ts';
import { FacilitatorLink } from './facilitator/facilitator-link.service.ts';
import { JobDriver } from './jobs/job-driver.service.ts';
import { JobIntake } from './jobs/job-intake.service.ts';
import { Jobs } from './jobs/jobs.service.ts';
import { LiveOutput } from './jobs/live-output.ts';
import { MinerClient } from './miner/miner-client.service.ts';
import { ownHotkey } from './own-hotkey.ts';
import { ReceiptHandover } from './receipts/receipt-handover.service.ts';
import { Receipts } from './receipts/receipts.service.ts';
import { MinerDirectory } from './routing/miner-directory.service.ts';
import { MinerSchedule } from './routing/miner-schedule.service.ts';
import { Router } from './routing/router.service.ts';
import { ValidatorSettings } from './settings.ts';
import { VersionController } from './version.controller.ts';
import { Whitelist } from './whitelist/whitelist.service.ts';

/** All of the validator, for these settings. */
export function validatorModule(settings: ValidatorSettings, logger: Logger): Type {
  const { databaseUrl, redisUrl, netuid, pylonAddress, pylonIdentityToken } = settings;
  const identity = { name: 'validator', token: pylonIdentityToken };

  @Module({
    imports: [
      HealthModule.forRoot(),
      DatabaseModule.forRoot(databaseOptions(databaseUrl)),
      QueueModule.forRoot({ service: 'validator', databaseUrl, redisUrl }),
    ],
    controllers: [VersionController],
    providers: [
      { provide: ValidatorSettings, useValue: settings },
      { provide: 'LOGGER', useValue: logger },
      { provide: Keypair, useFactory: () => ownHotkey(settings, logger) },
      { provide: 'CHAIN', useFactory: () => new PylonChain({ address: pylonAddress, netuid, identity }) },
      CheatReports,
      FacilitatorLink,
      JobDriver,
      JobIntake,
      Jobs,
      LiveOutput,
      MinerClient,
      MinerDirectory,
      MinerSchedule,
      ReceiptHandover,
      Receipts,
      Router,
      Whitelist,
    ],
  })
  class ValidatorModule {}
  return ValidatorModule;
}
