import type { JobStatus } from '@horde/protocol';
import { HordeClientError, type HordeClient, type Job, type JobFilters, type JobPage } from '@horde/sdk';
import { openClient, type ConnectionOptions } from '../profiles/connection.ts';
import { print } from '../program/print.ts';
import { table } from '../terminal/table.ts';
import { ago, plain, shortId } from '../terminal/words.ts';
import { rememberJobs } from './last-list.ts';
import { self } from '../program/self.ts';

export interface ListOptions extends ConnectionOptions {
  limit: number;
  status?: JobStatus;
  class?: string;
  tag?: string;
  namespace?: string;
  createdAfter?: Date;
  createdBefore?: Date;
  cursor?: string;
  json?: boolean;
}

/** The largest page that facilitators make. */
const largestPage = 256;

export async function listJobs(options: ListOptions, signal: AbortSignal): Promise<number> {
  const { client } = await openClient(options);
  const filters = filtersOf(options);
  const { jobs, next } = await newest(client, filters, options, signal);
  if (options.json) print(JSON.stringify(jobs.map(listed)));
  else if (jobs.length === 0) print(nothing(filters, options.cursor));
  else tableOf(jobs).forEach(print);
  await rememberJobs(jobs.map(({ uuid }) => uuid));
  // Beside the list itself, which programs read.
  if (next !== null) process.stderr.write(`More: the same with ${goingOn(next, filters)}\n`);
  return 0;
}

/** A cursor counts for the very same filters: "2h" would be another moment by then. Of two options the last one counts. */
const goingOn = (cursor: string, { createdAfter, createdBefore }: JobFilters): string =>
  [
    createdAfter && `--created-after ${createdAfter.toISOString()}`,
    createdBefore && `--created-before ${createdBefore.toISOString()}`,
    `--cursor ${cursor}`,
  ]
    .filter(Boolean)
    .join(' ');

const filtersOf = (options: ListOptions): JobFilters => ({
  status: options.status,
  executorClass: options.class,
  tag: options.tag,
  jobNamespace: options.namespace,
  createdAfter: options.createdAfter,
  createdBefore: options.createdBefore,
});

/** As many as are asked for, page by page. */
async function newest(
  client: HordeClient,
  filters: JobFilters,
  { limit, cursor }: ListOptions,
  signal: AbortSignal,
): Promise<JobPage> {
  const jobs: Job[] = [];
  let next: string | null = cursor ?? '';
  let largest = largestPage;
  while (next !== null && jobs.length < limit) {
    const pageSize = Math.min(limit - jobs.length, largest);
    try {
      const page: JobPage = await client.listJobs({ ...filters, lean: true, pageSize, cursor: next, signal });
      jobs.push(...page.jobs);
      next = page.next;
    } catch (error) {
      // ComputeHorde's facilitator lists jobs with all that they have printed.
      if (!(error instanceof HordeClientError) || error.code !== 'TOO_LARGE' || pageSize === 1) throw error;
      largest = Math.ceil(pageSize / 2);
    }
  }
  return { jobs, next };
}

function nothing(filters: JobFilters, cursor: string | undefined): string {
  const isAny = cursor === undefined && Object.values(filters).every((value) => value === undefined);
  return isAny ? `You have no job yet. Run one: ${self} jobs run --help` : 'No job of yours fits that.';
}

function tableOf(jobs: Job[]): string[] {
  const now = Date.now();
  const rows = jobs.map((job) => [
    shortId(job.uuid),
    plain(job.status),
    plain(job.executorClass),
    plain(job.dockerImage),
    ago(job.createdAt, now),
  ]);
  return table([['JOB', 'STATUS', 'CLASS', 'IMAGE', 'CREATED'], ...rows]);
}

const listed = ({ uuid, status, executorClass, dockerImage, createdAt }: Job) => ({
  uuid,
  status,
  executor_class: executorClass,
  docker_image: dockerImage,
  created_at: createdAt.toISOString(),
});
