import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import type { Logger } from '@horde/operations';
import type { Queues } from '@horde/queue';

/** A `DynamicConfig`, of whatever keys. */
interface Refreshed {
  fetch(): Promise<string[]>;
  load(): Promise<void>;
  onRing(listener: () => void): () => void;
}

/** How often the documents are asked, as in ComputeHorde. @unit ms */
const interval = 300_000;
/** The pause after they did not answer. @unit ms */
const retryPause = 30_000;
/** How often a process looks at what another one has stored without being rung for. @unit ms */
const lookInterval = 30_000;

/** Keeps a configuration up to date while a service runs; a provider of its module. */
export class DynamicConfigRefresh implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly config: Refreshed,
    private readonly queues: Queues,
    private readonly logger: Logger,
  ) {}

  /** What is stored counts before any part begins to work. */
  async onModuleInit(): Promise<void> {
    await this.config.load();
  }

  async onApplicationBootstrap(): Promise<void> {
    this.timer = setInterval(() => void this.look(), lookInterval).unref();
    this.stopListening = this.config.onRing(() => void this.look());
    const queue = this.queues.open('dynamic-config');
    queue.work(
      async (id) => {
        try {
          for (const sentence of await this.config.fetch()) this.logger.warn(sentence);
        } catch (error) {
          this.logger.warn({ error }, 'the dynamic configuration could not be read; it stays as it was');
          // One more try; after that the schedule goes on.
          if (id !== 'retry') await queue.ring('retry', retryPause);
        }
      },
      {
        onError: (error) => this.logger.error({ error }, 'the schedule of the dynamic configuration failed'),
      },
    );
    await queue.every('fetch', interval);
    await queue.ring('start');
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    this.stopListening?.();
  }

  private async look(): Promise<void> {
    try {
      await this.config.load();
    } catch (error) {
      this.logger.warn({ error }, 'the stored dynamic configuration could not be read');
    }
  }
}
