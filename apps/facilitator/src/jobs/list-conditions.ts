import { Conditions } from '@horde/database';
import type { Position } from './list-cursor.ts';
import type { ListFilters } from './list-filters.ts';

/** Conditions on rows of jobs. */
export class ListConditions extends Conditions {
  /** Only what comes behind a position, newest first. */
  addPosition({ createdAt, uuid }: Position): void {
    this.add(createdAt, (time) => `created_at <= ${time}`);
    this.add(uuid, (last) => `(created_at < $${this.parameters.length - 1} or uuid > ${last})`);
  }

  addFilters(filters: ListFilters): void {
    this.add(filters.uuids, (list) => `uuid = any(${list}::uuid[])`);
    this.add(filters.statuses, (list) => `status = any(${list})`);
    this.add(filters.executorClass, (value) => `executor_class = ${value}`);
    this.add(filters.tag, (value) => `tag = ${value}`);
    this.add(filters.jobNamespace, (value) => `job_namespace = ${value}`);
    this.add(filters.createdAfter, (time) => `created_at >= ${time}`);
    this.add(filters.createdBefore, (time) => `created_at < ${time}`);
  }
}
