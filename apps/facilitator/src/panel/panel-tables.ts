import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelUser, PanelValidator } from '@horde/panel-api';
import { isTerminal, JobStatus } from '@horde/protocol';
import { wireTime } from '../jobs/job-rows.ts';
import { fresh } from '../validators/channels.ts';

/** So many of a user's newest jobs are looked at. */
const countedJobs = 1_000;
const unfinished = JobStatus.filter((status) => !isTerminal(status));
const failed = JobStatus.filter((status) => isTerminal(status) && status !== 'completed');

/** Who is on the other ends: validators, and users. */
@Injectable()
export class PanelTables {
  constructor(private readonly database: Database) {}

  /** Those that are connected first. @param only this one @default all that were ever active */
  validators(only: string | null = null): Promise<PanelValidator[]> {
    return this.database.manager.query(
      `select hotkey, active, pinned, version, connected, extensions,
         ${wireTime('greatest(last_seen, beat)')} as last_seen,
         (select count(*)::integer from job where target_validator_hotkey = validator.hotkey and overdue_at is not null)
           as unfinished_jobs
       from validator cross join lateral (
         select coalesce(bool_or(${fresh}), false) as connected, max(last_heartbeat) as beat
         from channel where validator_hotkey = hotkey
       ) channels
       where $1::text is null or hotkey = $1
       order by connected desc, active desc, hotkey limit 1000`,
      [only],
    );
  }

  /** @param only this one @default all, the newest first */
  users(only: string | null = null): Promise<PanelUser[]> {
    return this.database.manager.query(
      `select ss58_address as hotkey, ${wireTime('created_at')} as since, max_unfinished_jobs, max_creations_per_minute,
         (select count(*)::integer from job where hotkey = ss58_address and status = any ($2)) as unfinished_jobs,
         recent_jobs, recent_failures,
         (select ${wireTime('created_at')} from job where hotkey = ss58_address order by created_at desc limit 1)
           as last_job_at
       from hotkey_whitelist cross join lateral (
         select count(*)::integer as recent_jobs,
           count(*) filter (where status = any ($3))::integer as recent_failures
         from (
           select status from job where hotkey = ss58_address and job.created_at > now() - interval '24 hours'
           order by job.created_at desc limit ${countedJobs}
         ) newest
       ) recent where $1::text is null or ss58_address = $1
       order by hotkey_whitelist.created_at desc, ss58_address limit 10000`,
      [only, unfinished, failed],
    );
  }
}
