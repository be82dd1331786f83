import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { GatheredBell } from '@horde/database';
import type { ExecutorManager, JobImages, JobImagesPolicy, PreparedImage } from '@horde/executor-manager';
import { LOGGER, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import type { Counter, Gauge } from 'prom-client';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { MinerSettings } from '../settings.ts';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { schedule } from './schedule.ts';

/** As in ComputeHorde. @unit ms */
const interval = 600_000;
/** @unit ms */
const retryPause = 60_000;
/** An image that a job needed within that time stays. @unit ms */
const unusedFor = 3_600_000;
/** How many removed images are remembered for the panel. */
const mostShown = 50;

/** An image of jobs that was removed. */
interface RemovedImage {
  machine: string;
  image: string;
  bytes: number;
  /** ISO 8601. */
  at: string;
}

/** Keeps the executor's image, and the images of jobs that are expected, on every machine of the miner; others not for ever. */
@Injectable()
export class ImagePreparation implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  /** What was last found of each image on each machine, and when; null: nothing yet. */
  last: { images: PreparedImage[]; at: Date } | null = null;
  /** The images of jobs on each machine, and those that were removed since this process started, newest first. */
  jobImages: { machines: JobImages[]; removed: RemovedImage[] } = { machines: [], removed: [] };
  /** From where on images of jobs are removed. */
  readonly policy: JobImagesPolicy;
  private readonly bytes: Gauge<'machine'>;
  private readonly removals: Counter<'machine'>;
  /** What was last logged of them. */
  private readonly logged = new Map<string, string | null>();

  constructor(
    private readonly config: MinerConfig,
    private readonly queues: Queues,
    private readonly bell: GatheredBell,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
    { jobImagesMaxGb, jobImagesFreeDisk }: MinerSettings,
    metrics: MetricsRegistry,
  ) {
    this.policy = {
      mostBytes: jobImagesMaxGb > 0 ? jobImagesMaxGb * 1e9 : null,
      leastFree: jobImagesFreeDisk / 100,
      unusedFor,
    };
    this.bytes = metrics.gauge('miner_job_images_bytes');
    this.removals = metrics.counter('miner_job_images_removed_total');
  }

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
    await this.tidy(wanted);
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

  /** Removes images of jobs that take more than the settings allow, but for those that are wanted. */
  private async tidy(wanted: string[]): Promise<void> {
    const { signal } = this.stopping;
    const machines = (await this.manager.tidyJobImages?.(wanted, this.policy, signal)) ?? [];
    const at = new Date().toISOString();
    const removed = machines.flatMap(({ machine, removed: gone }) =>
      gone.map((image) => ({ machine, image: image.image, bytes: image.bytes, at })),
    );
    this.jobImages = { machines, removed: [...removed, ...this.jobImages.removed].slice(0, mostShown) };
    this.bytes.reset();
    for (const { machine, images, removed: gone, error } of machines) {
      if (error === null)
        this.bytes.set(
          { machine },
          images.reduce((sum, { bytes }) => sum + bytes, 0),
        );
      else this.logger.warn({ machine }, `images of jobs could not be tidied: ${error}`);
      this.removals.inc({ machine }, gone.length);
      for (const { image, usedAt } of gone)
        this.logger.info({ machine, image, usedAt }, 'an image that no job needed any more was removed');
    }
  }
}
