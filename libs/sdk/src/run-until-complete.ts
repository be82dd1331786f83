import { doublingPause, pause } from '@horde/async';
import { randomUUID } from 'node:crypto';
import type { CreateOptions } from './job-spec.ts';
import type { Job, StatusEntry } from './job.ts';
import { withinTime, type TimeLimit } from './time-limit.ts';

export interface RunOptions extends CreateOptions, TimeLimit {
  /** 0: without end. @default 3 */
  maxAttempts?: number;
  /** Called for each job that is created. */
  onAttempt?: (job: Job, attempt: number) => unknown;
  /** Called for each status of each of them, once, in order. */
  onStatus?: (entry: StatusEntry, job: Job) => void;
}

/** Between attempts. @unit ms */
const pauses = { first: 200, max: 5_000 };

/** Creates jobs until one completes. With an `idempotencyKey` a program that was restarted goes on with the same jobs. */
export function runUntilComplete(
  create: (options: CreateOptions & { signal: AbortSignal }) => Promise<Job>,
  { signal, timeout, maxAttempts = 3, onAttempt, onStatus, ...options }: RunOptions,
): Promise<Job> {
  const { idempotencyKey = randomUUID() } = options;
  const overdue = () => 'The job has not completed';
  return withinTime({ signal, timeout }, overdue, async (until) => {
    for (let attempt = 1; ; attempt++) {
      const key = `${idempotencyKey}:${attempt}`;
      const job = await create({ ...options, idempotencyKey: key, signal: until });
      await onAttempt?.(job, attempt);
      await job.wait({ signal: until, onStatus });
      if (job.status === 'completed' || attempt === maxAttempts) return job;
      await pause(doublingPause(attempt, pauses), until);
    }
  });
}
