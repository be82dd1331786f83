import { untilDone } from '@horde/async';
import type { Logger } from '@horde/operations';
import type { Queues } from '@horde/queue';

/** Before the store of the queues is asked again. */
const pauses = { first: 1_000, max: 30_000 };

export interface Scheduled {
  /** The queue's name. */
  name: string;
  /** By id: how often, in ms; the first time at once. */
  intervals: Record<string, number>;
  /** Told of an error, which is the end of this turn alone. */
  work: (id: string) => Promise<void>;
}

/**
 * Has work done again and again by one replica at a time. A store of queues that is away at the start is waited for
 * beside everything else: the facilitator takes jobs meanwhile.
 *
 * @param signal ends the waiting
 */
export function schedule(
  queues: Queues,
  logger: Logger,
  signal: AbortSignal,
  { name, intervals, work }: Scheduled,
): void {
  const queue = queues.open(name);
  queue.work(work, {
    concurrency: Object.keys(intervals).length,
    onError: (error, id) => logger.warn({ error, schedule: id }, `the work of the queue ${name} failed`),
  });
  const setUp = async (): Promise<void> => {
    for (const [id, interval] of Object.entries(intervals)) await queue.every(id, interval);
  };
  const failed = (error: unknown) =>
    logger.warn({ error }, `the schedules of the queue ${name} are not set up yet`);
  void untilDone(setUp, pauses, failed, signal);
}
