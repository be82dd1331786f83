import type { JobStatus } from '@horde/protocol';
import { statusOf, type JobResource } from './job-resource.ts';

/** Which of a hotkey's jobs are listed; all of what is given has to hold. */
export interface JobFilters {
  /** Only these. */
  uuids?: readonly string[];
  /** One of these. */
  status?: JobStatus | readonly JobStatus[];
  executorClass?: string;
  tag?: string;
  jobNamespace?: string;
  createdAfter?: Date;
  createdBefore?: Date;
}

/** The filters as the facilitator's parameters. */
export function filterParameters(filters: JobFilters): [name: string, value: string][] {
  const { uuids = [], status = [], executorClass, tag, jobNamespace, createdAfter, createdBefore } = filters;
  const named = {
    executor_class: executorClass,
    tag,
    job_namespace: jobNamespace,
    created_after: createdAfter?.toISOString(),
    created_before: createdBefore?.toISOString(),
  };
  return [
    ...uuids.map((uuid): [string, string] => ['uuid', uuid]),
    ...[status].flat().map((one): [string, string] => ['status', one]),
    ...Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ];
}

/** Whether a job passes the filters: a ComputeHorde facilitator looks at `uuids` and `tag` only. */
export function passes(job: JobResource, filters: JobFilters): boolean {
  const { status, executorClass, jobNamespace, createdAfter, createdBefore } = filters;
  const createdAt = Date.parse(job.created_at);
  return (
    (status === undefined || [status].flat().includes(statusOf(job))) &&
    (executorClass === undefined || job.executor_class === executorClass) &&
    (jobNamespace === undefined || job.job_namespace === jobNamespace) &&
    (createdAfter === undefined || createdAt >= createdAfter.getTime()) &&
    (createdBefore === undefined || createdAt < createdBefore.getTime())
  );
}
