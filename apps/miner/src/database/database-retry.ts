import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { doublingPause } from '@horde/async';
import { isOutage } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';

/** The pause before something is tried again; it doubles each time. @unit ms */
const pauses = { first: 100, max: 2_000 };

/** Carries work through times in which the database is away. */
@Injectable()
export class DatabaseRetry implements BeforeApplicationShutdown {
  private readonly shutdown = new AbortController();

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  beforeApplicationShutdown(): void {
    this.shutdown.abort();
  }

  /**
   * Does something, and does it again as long as it fails because the database is away. It may have been stored although
   * it failed, so it must not matter when it is done twice.
   * @throws what it fails with otherwise, or when the miner stops
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.shutdown;
    for (let failures = 1; ; failures++) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted || !isOutage(error)) throw error;
        this.logger.warn(`the database is away (${(error as Error).message}); it is tried again`);
        await sleep(doublingPause(failures, pauses), undefined, { signal });
      }
    }
  }
}
