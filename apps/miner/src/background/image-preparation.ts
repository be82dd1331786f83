import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { GatheredBell } from '@horde/database';
import type { ExecutorManager, PreparedImage } from '@horde/executor-manager';
import { LOGGER, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { schedule } from './schedule.ts';

/** As in ComputeHorde. @unit ms */
const interval = 600_000;
/** @unit ms */
const retryPause = 60_000;

/** Keeps the executor's image, and the images of jobs that are expected, on every machine of the miner. */
@Injectable()
export class ImagePreparation implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  /** What was last found of each image on each machine, and when; null: nothing yet. */
  last: { images: PreparedImage[]; at: Date } | null = null;
  /** What was last logged of them. */
  private readonly logged = new Map<string, string | null>();

  constructor(
    private readonly config: MinerConfig,
    private readonly queues: Queues,
    private readonly bell: GatheredBell,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.manager.prepareImages) return;
    await schedule(this.queues, this.logger, {
      name: 'images',
      interval,
      retryPause,
      work: () => this.prepare(),
      failed: 'images could not be prepared; it is tried again',
    });
  }

  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** Fetches what is missing or has changed, on all machines. What could not be fetched is logged. */
  async prepare(): Promise<void> {
    const wanted = [...this.config.get('DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES')];
    const images = (await this.manager.prepareImages?.(wanted, this.stopping.signal)) ?? [];
    this.last = { images, at: new Date() };
    this.bell.ring('images');
    for (const { machine, image, present, error } of images) {
      const about = `${machine} ${image}`;
      if (error === null) this.logger.debug({ machine, image }, 'the image is up to date');
      else if (this.logged.get(about) === error) continue;
      else if (present) this.logger.warn({ machine, image }, `an older image stays: ${error}`);
      else this.logger.error({ machine, image }, `the image is missing: ${error}`);
      this.logged.set(about, error);
    }
  }
}
