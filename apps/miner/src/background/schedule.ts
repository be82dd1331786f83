import { troubleLog, type Logger } from '@horde/operations';
import type { Queues } from '@horde/queue';

export interface Schedule {
  /** Of the queue: a word for what is done. */
  name: string;
  /** @unit ms */
  interval: number;
  /** The pause before it is done again when it failed. @unit ms */
  retryPause: number;
  work: () => Promise<void>;
  /** Written when it failed, for the same reason once in ten minutes; it is tried again. */
  failed: string;
}

/** Does something when the miner starts, and again and again; one replica does it at a time. */
export async function schedule(queues: Queues, logger: Logger, options: Schedule): Promise<void> {
  const { name, interval, retryPause, work, failed } = options;
  const queue = queues.open(name);
  const trouble = troubleLog((error) => logger.warn({ error }, failed));
  queue.work(
    async (id) => {
      try {
        await work();
        trouble.over();
      } catch (error) {
        trouble.is(error);
        // The entry that is being worked on still has its id.
        await queue.ring(id === 'retry' ? 'retry again' : 'retry', retryPause);
      }
    },
    { onError: (error) => logger.error({ error }, `the schedule ${name} failed`) },
  );
  await queue.every('again', interval);
  await queue.ring('start');
}
