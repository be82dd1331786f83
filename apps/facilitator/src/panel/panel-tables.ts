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

  /**
   * Those on the whitelist, the newest first, then those that have left it and whose jobs are kept.
   *
   * @param only this one @default all
   */
  users(only: string | null = null): Promise<PanelUser[]> {
    return this.database.manager.query(
      `with recursive creator (hotkey) as (
         -- One look into the index of jobs for each.
         select (select min(hotkey) from job where $1::text is null or hotkey = $1)
         union all
         select (select min(job.hotkey) from job where job.hotkey > creator.hotkey) from creator
         where $1::text is null and creator.hotkey is not null
       ), known as (
         select ss58_address as hotkey, created_at, max_unfinished_jobs, max_creations_per_minute
         from hotkey_whitelist where $1::text is null or ss58_address = $1
         union all
         select hotkey, null, null, null from creator
         where hotkey is not null and not exists (select from hotkey_whitelist where ss58_address = hotkey)
       )
       select hotkey, ${wireTime('created_at')} as since, max_unfinished_jobs, max_creations_per_minute,
         (select count(*)::integer from job where job.hotkey = known.hotkey and status = any ($2)) as unfinished_jobs,
         recent_jobs, recent_failures,
         (select ${wireTime('job.created_at')} from job where job.hotkey = known.hotkey
          order by job.created_at desc limit 1) as last_job_at
       from known cross join lateral (
         select count(*)::integer as recent_jobs,
           count(*) filter (where status = any ($3))::integer as recent_failures
         from (
           select status from job where job.hotkey = known.hotkey and job.created_at > now() - interval '24 hours'
           order by job.created_at desc limit ${countedJobs}
         ) newest
       ) recent
       order by known.created_at desc nulls last, hotkey limit 10000`,
      [only, unfinished, failed],
    );
  }
}
