import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '@horde/database';
import type { Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { LOGGER } from '../ports.ts';

/** @unit ms */
const interval = 600_000;

/** Gives up messages whose validator has not settled their job within a day. */
@Injectable()
export class OutboxCleaning implements OnApplicationBootstrap {
  constructor(
    private readonly database: Database,
    private readonly queues: Queues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const queue = this.queues.open('outbox-cleaning');
    queue.work(() => this.clean(), {
      onError: (error) => this.logger.error({ error }, 'cleaning the outbox failed'),
    });
    await queue.every('clean', interval);
  }

  /** Deletes what is about jobs that ended more than a day ago. */
  async clean(): Promise<void> {
    await this.database.manager.query(
      `delete from outbox using job
       where outbox.subject = job.uuid::text and job.ended_at < now() - interval '1 day'`,
    );
  }
}
