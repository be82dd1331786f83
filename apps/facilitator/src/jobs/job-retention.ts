import { Injectable } from '@nestjs/common';
import { Database, inBatches } from '@horde/database';
import { FacilitatorSettings } from '../settings.ts';

/** How long a job is kept after its last status, in SQL. */
const keptFor = 'make_interval(days => $2)';
/** How many jobs are removed by one statement: each may have a result of 50 MB. */
const batchSize = 50;
/** How many requests are forgotten by one statement. */
const forgottenAtOnce = 1_000;
/** How far the clocks of replicas may differ. @unit seconds */
const clockDifference = 60;

/** Removes old jobs. Every replica may do so at any time: each takes others, and nothing happens twice. */
@Injectable()
export class JobRetention {
  constructor(
    private readonly database: Database,
    private readonly settings: FacilitatorSettings,
  ) {}

  /** Removes all jobs whose last status is older than the settings say, with their results. Returns how many. */
  async evict(): Promise<number> {
    let jobs = 0;
    for (let removed; (removed = await this.evictSome()) > 0;) jobs += removed;
    for (const table of ['spent_request', 'idempotency_key'] as const)
      await inBatches(forgottenAtOnce, (size) => this.forgetSome(table, size));
    return jobs;
  }

  /** A request whose signature has become too old creates nothing, known or not; and an Idempotency-Key counts for a day. */
  private async forgetSome(table: 'spent_request' | 'idempotency_key', size: number): Promise<number> {
    const [{ count }] = await this.database.manager.query<[{ count: number }]>(
      `with gone as (
         delete from ${table} where ctid = any (array(select ctid from ${table} where expires_at < now() limit $1))
         returning 1
       )
       select count(*)::int as count from gone`,
      [size],
    );
    return count;
  }

  private async evictSome(): Promise<number> {
    const [{ count }] = await this.database.manager.query<[{ count: number }]>(
      `with old as (
         select uuid from job
         where created_at < now() - ${keptFor} and not exists (
           select from job_status entry where entry.job_uuid = job.uuid and entry.created_at >= now() - ${keptFor}
         )
         order by created_at limit ${batchSize} for update skip locked
       ), unsent as (
         delete from outbox using old where subject = old.uuid::text
       ), gone as (
         delete from job using old where job.uuid = old.uuid returning job.uuid, creation_key, signature
       ), signed as (
         select creation_key, uuid,
           to_timestamp((signature ->> 'timestamp_ns')::float8 / 1e9) + make_interval(secs => $1) as expires_at
         from gone
       ), spent as (
         insert into spent_request (creation_key, job_uuid, expires_at)
         select creation_key, uuid, expires_at from signed where expires_at > now()
       )
       select count(*)::int as count from gone`,
      [this.settings.signatureExpireDuration + clockDifference, this.settings.jobRetention],
    );
    return count;
  }
}
