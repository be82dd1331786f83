import type { Database } from '@horde/database';
import { statusLabel, type JobStatus } from '@horde/protocol';
import { wireTime } from './job-rows.ts';

/**
 * A job in a lean list: what it is and how far it has come. Names and values are those of its whole resource, and
 * `last_status` is the status of the last entry of its `status_history`.
 */
export interface LeanJob {
  uuid: string;
  executor_class: string;
  created_at: string;
  last_update: string;
  status: string;
  last_status: JobStatus;
  docker_image: string;
  job_namespace: string | null;
  tag: string;
  target_validator_hotkey: string;
}

/** Jobs in the order of `uuids`, without those that are no longer there. */
export async function leanJobs({ manager }: Database, uuids: string[]): Promise<LeanJob[]> {
  const rows = await manager.query<LeanJob[]>(
    `select uuid, executor_class, ${wireTime('job.created_at')} as created_at,
       ${wireTime('last.created_at')} as last_update, null as status, last.status as last_status, docker_image,
       job_namespace, tag, target_validator_hotkey
     from job cross join lateral (
       select status, created_at from job_status where job_uuid = job.uuid order by id desc limit 1
     ) last
     where uuid = any($1)`,
    [uuids],
  );
  const byUuid = new Map(rows.map((row) => [row.uuid, row]));
  return uuids.flatMap((uuid) => {
    const row = byUuid.get(uuid);
    return row ? [{ ...row, status: statusLabel(row.last_status) }] : [];
  });
}
