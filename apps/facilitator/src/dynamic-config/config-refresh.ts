import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { LOGGER, repeat, troubleLog, type Logger } from '@horde/operations';
import { FacilitatorConfig } from './facilitator-config.ts';

/** How often is looked at what another process has stored without ringing here. @unit ms */
const interval = 30_000;

/** Keeps the settings that change up to date in this process. */
@Injectable()
export class ConfigRefresh implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly ends: (() => void)[] = [];

  constructor(
    private readonly config: FacilitatorConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** What is stored counts before any part begins to work. */
  onModuleInit(): Promise<void> {
    return this.config.load();
  }

  onApplicationBootstrap(): void {
    const trouble = troubleLog((error) =>
      this.logger.warn({ error }, 'the stored dynamic configuration could not be read'),
    );
    const load = () => this.config.load().then(trouble.over);
    this.ends.push(
      this.config.onRing(() => void load().catch(trouble.is)),
      repeat(load, interval, trouble.is),
    );
  }

  onApplicationShutdown(): void {
    for (const end of this.ends) end();
  }
}
