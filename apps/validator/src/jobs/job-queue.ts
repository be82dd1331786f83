import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';
import { Queues, type Queue } from '@horde/queue';

/** Wakes the workers that drive jobs, in all processes of the validator. */
@Injectable()
export class JobQueue {
  private readonly queue: Queue;

  constructor(
    queues: Queues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.queue = queues.open('jobs');
  }

  /** Wakes a worker, here or in another process, for a job that has been stored. */
  async ring(uuid: string): Promise<void> {
    // A lost ring costs a moment: the sweep finds the job.
    await this.queue
      .ring(uuid)
      .catch((error: unknown) => this.logger.warn({ error, job: uuid }, 'the queue of jobs cannot be rung'));
  }

  /** Calls `handle` with the uuid of each job that was rung for. */
  work(handle: (uuid: string) => Promise<void>): void {
    this.queue.work(handle, {
      concurrency: 50,
      onError: (error, uuid) => this.logger.error({ error, job: uuid }, 'the queue of jobs failed'),
    });
  }
}
