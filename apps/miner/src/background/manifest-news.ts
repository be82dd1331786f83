import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { ExecutorManager } from '@horde/executor-manager';
import { LOGGER, repeat, troubleLog, type Logger } from '@horde/operations';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { ValidatorDelivery } from '../validators/validator-delivery.ts';

/** @unit ms */
const interval = 10_000;

/**
 * Tells validators when the miner offers something else than it did: their durable connections last from one job to the
 * next, and on one that is new it is told as the first thing.
 */
@Injectable()
export class ManifestNews implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stop: (() => void) | undefined;

  constructor(
    private readonly delivery: ValidatorDelivery,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const trouble = troubleLog((error) =>
      this.logger.error({ error }, 'validators could not be told what the miner offers now'),
    );
    this.stop = repeat(() => this.tell().then(trouble.over), interval, trouble.is);
  }

  beforeApplicationShutdown(): void {
    this.stop?.();
  }

  /** Tells those that were told something else. */
  async tell(): Promise<void> {
    const sessions = [...this.delivery.connections().values()].flat().filter(({ link }) => link !== null);
    if (sessions.length === 0) return;
    const manifest = new Map(Object.entries(await this.manager.manifest()));
    await Promise.all(sessions.map((session) => session.offer(manifest)));
  }
}
