import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import type { Job } from '../jobs/job.entity.ts';
import { logThrottle } from '../logging/log-throttle.ts';
import { ValidatorDelivery } from '../validators/validator-delivery.ts';

/** @unit ms */
const interval = 600_000;

/** Gives up jobs that their validators have not settled within a day: what they were to be told, and who named them. */
@Injectable()
export class OutboxCleaning implements OnApplicationBootstrap {
  constructor(
    private readonly database: Database,
    private readonly delivery: ValidatorDelivery,
    private readonly queues: Queues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const queue = this.queues.open('outbox-cleaning');
    queue.work(() => this.clean(), {
      onError: logThrottle((error) => this.logger.error({ error }, 'cleaning the outbox failed')).is,
    });
    await queue.every('clean', interval);
  }

  /** Deletes what is about jobs that ended more than a day ago, and forgets them. */
  async clean(): Promise<void> {
    await this.database.manager.query(
      `delete from outbox using job
       where outbox.subject = job.uuid::text and job.ended_at < now() - interval '1 day'`,
    );
    const over = await this.database.manager.query<Pick<Job, 'uuid' | 'validator_hotkey'>[]>(
      `select uuid, validator_hotkey from job
       where uuid = any ($1::uuid[]) and ended_at < now() - interval '1 day'`,
      [this.delivery.named()],
    );
    for (const { uuid, validator_hotkey } of over) this.delivery.forget(validator_hotkey, uuid);
  }
}
