import type { HordeClient, Job } from '@horde/sdk';
import { UsageError } from '../usage-error.ts';
import { self } from '../program/self.ts';

/** How many of the newest jobs are looked through for the beginning of an id. */
const lookedThrough = 500;
const whole = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The job with this id, or whose id begins so.
 *
 * @param id null: the newest one
 * @throws UsageError when there is none, or more than one; HordeClientError
 */
export async function findJob(client: HordeClient, id: string | null, signal: AbortSignal): Promise<Job> {
  if (id !== null && whole.test(id)) return client.getJob(id, { signal });
  if (id !== null && !/^[0-9a-f-]{3,36}$/.test(id))
    throw new UsageError(`"${id}" is no job's id: those that there are: ${self} jobs list`);
  const found: Job[] = [];
  let seen = 0;
  for await (const job of client.iterateJobs({ lean: true, pageSize: id === null ? 1 : 100, signal })) {
    if (id === null) return refreshed(job, signal);
    if (job.uuid.startsWith(id)) found.push(job);
    if (++seen === lookedThrough) break;
  }
  if (id === null) throw new UsageError(`You have no job yet. Run one: ${self} jobs run --help`);
  if (found.length === 1) return refreshed(found[0]!, signal);
  throw new UsageError(
    found.length === 0
      ? `None of your newest ${lookedThrough} jobs begins with ${id}: ${self} jobs list`
      : `Several jobs begin with ${id}: ${found.map(({ uuid }) => uuid).join(', ')}`,
  );
}

/** With what a list leaves out. */
async function refreshed(job: Job, signal: AbortSignal): Promise<Job> {
  await job.refresh(signal);
  return job;
}
