import { Module, type Type } from '@nestjs/common';
import type { Chain } from '@horde/chain';
import { DatabaseModule } from '@horde/database';
import type { ExecutorManager } from '@horde/executor-manager';
import { Keypair } from '@horde/identity';
import { HealthModule, type Logger } from '@horde/operations';
import { QueueModule } from '@horde/queue';
import { databaseOptions } from './database.ts';
import { ExecutorMessages } from './executors/executor-messages.ts';
import { ExecutorSessions } from './executors/executor-sessions.ts';
import { ExecutorSupervisor } from './executors/executor-supervisor.ts';
import { ExecutorGateway } from './executors/executor.gateway.ts';
import { MinerAddress } from './executors/miner-address.ts';
import { OverdueJobs } from './executors/overdue-jobs.ts';
import { JobIntake } from './jobs/job-intake.ts';
import { JobPayloads } from './jobs/job-payloads.ts';
import { JobSignature } from './jobs/job-signature.ts';
import { Jobs } from './jobs/jobs.ts';
import { CHAIN, EXECUTOR_MANAGER, LOGGER } from './ports.ts';
import { ReceiptIntake } from './receipts/receipt-intake.ts';
import { Receipts } from './receipts/receipts.ts';
import { MinerSettings } from './settings.ts';
import { Sockets } from './sockets.ts';
import { Authentication } from './validators/authentication.ts';
import { OutboxCleaning } from './validators/outbox-cleaning.ts';
import { Post } from './validators/post.ts';
import { ValidatorMessages } from './validators/validator-messages.ts';
import { ValidatorSync } from './validators/validator-sync.ts';
import { ValidatorGateway } from './validators/validator.gateway.ts';
import { Validators } from './validators/validators.ts';
import { VersionController } from './version/version.controller.ts';

/** What the miner reaches the world through. */
export interface MinerParts {
  keypair: Keypair;
  chain: Chain;
  manager: ExecutorManager;
}

/** The miner with these settings and parts. */
export function minerModule(settings: MinerSettings, logger: Logger, parts: MinerParts): Type {
  const { databaseUrl, redisUrl } = settings;

  @Module({
    imports: [
      HealthModule.forRoot(),
      DatabaseModule.forRoot(databaseOptions(databaseUrl)),
      QueueModule.forRoot({ service: 'miner', databaseUrl, redisUrl }),
    ],
    controllers: [VersionController],
    providers: [
      { provide: MinerSettings, useValue: settings },
      { provide: LOGGER, useValue: logger },
      { provide: Keypair, useValue: parts.keypair },
      { provide: CHAIN, useValue: parts.chain },
      { provide: EXECUTOR_MANAGER, useValue: parts.manager },
      Validators,
      ValidatorSync,
      Authentication,
      Post,
      OutboxCleaning,
      ValidatorMessages,
      ValidatorGateway,
      Jobs,
      JobIntake,
      JobPayloads,
      JobSignature,
      Receipts,
      ReceiptIntake,
      ExecutorSessions,
      ExecutorSupervisor,
      ExecutorMessages,
      ExecutorGateway,
      OverdueJobs,
      MinerAddress,
      Sockets,
    ],
  })
  class MinerModule {}
  return MinerModule;
}

/** The parts of the miner that commands need: its validators, without anything that runs by itself. */
export function commandModule(settings: MinerSettings): Type {
  @Module({
    imports: [HealthModule.forRoot(), DatabaseModule.forRoot(databaseOptions(settings.databaseUrl))],
    providers: [{ provide: MinerSettings, useValue: settings }, Validators],
  })
  class CommandModule {}
  return CommandModule;
}
