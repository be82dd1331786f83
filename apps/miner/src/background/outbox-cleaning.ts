import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Database, inBatches } from '@horde/database';
import { LOGGER, troubleLog, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import type { Job } from '../jobs/job.entity.ts';
import { ValidatorDelivery } from '../validators/validator-delivery.ts';

/** @unit ms */
const interval = 60_000;
/** How long a job's messages are kept that its validator does not settle. @unit seconds */
const keptFor = 86_400;
/** The same of a job that was declined: its validator has long gone elsewhere. @unit seconds */
const declinesKeptFor = 300;
/** How many messages are deleted in one statement. */
const batch = 10_000;
/** Of which jobs that time is over; $1 and $2 are these two. */
const isOver = `ended_at < now() - make_interval(secs => case status when 'rejected' then $2::float8 else $1::float8 end)`;

/**
 * Gives up jobs that their validators have not settled within a day, or within five minutes when they were declined: what
 * they were to be sent, and who named them.
 */
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
      onError: troubleLog((error) => this.logger.error({ error }, 'cleaning the outbox failed')).is,
    });
    await queue.every('clean', interval);
  }

  /** Deletes what is about jobs whose time is over, and forgets them. */
  async clean(): Promise<void> {
    const limits = [keptFor, declinesKeptFor];
    await inBatches(batch, async (most) => {
      const [, deleted] = await this.database.manager.query<[unknown, number]>(
        `delete from outbox where id = any (array(
           select id from outbox join job on job.uuid = outbox.subject::uuid where ${isOver} limit $3))`,
        [...limits, most],
      );
      return deleted;
    });
    const over = await this.database.manager.query<Pick<Job, 'uuid' | 'validator_hotkey'>[]>(
      `select uuid, validator_hotkey from job where uuid = any ($3::uuid[]) and ${isOver}`,
      [...limits, this.delivery.named()],
    );
    for (const { uuid, validator_hotkey } of over) this.delivery.forget(validator_hotkey, uuid);
  }
}
