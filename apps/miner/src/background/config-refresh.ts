import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { DynamicConfigRefresh } from '@horde/dynamic-config';
import { LOGGER, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { MinerConfig } from '../dynamic-config/miner-config.ts';

/** Keeps the miner's dynamic configuration up to date. */
@Injectable()
export class ConfigRefresh implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly refresh: DynamicConfigRefresh;

  constructor(
    private readonly config: MinerConfig,
    queues: Queues,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.refresh = new DynamicConfigRefresh(config, queues, logger);
  }

  /** What is stored counts before any part begins to work. */
  async onModuleInit(): Promise<void> {
    await this.config.load();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.refresh.start();
  }

  beforeApplicationShutdown(): void {
    this.refresh.stop();
  }
}
