import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelHourSpan, PanelOverview } from '@horde/panel-api';
import { LastHours, sampledJobs } from '@horde/panel-server';
import { isTerminal, JobStatus } from '@horde/protocol';
import { wireTime } from '../jobs/job-rows.ts';
import { Channels } from '../validators/channels.ts';

const ends = JobStatus.filter(isTerminal);
const day = `interval '24 hours'`;

type Hour = PanelOverview['hours'][number];

/** How the facilitator is, at one look. */
@Injectable()
export class Overview {
  private readonly hours = new LastHours<Hour>(
    (hours) => this.jobsOf(hours),
    (row) => row.going_on > 0,
  );
  private readonly waits = new LastHours<PanelHourSpan>((hours) => this.waitsOf(hours));

  constructor(
    private readonly database: Database,
    private readonly channels: Channels,
  ) {}

  async read(): Promise<PanelOverview> {
    const [counts, hours, durations, waits, connected] = await Promise.all([
      this.counts(),
      this.hours.read(),
      this.durations(),
      this.waits.read(),
      this.channels.connectedValidators(),
    ]);
    return { ...counts, connected_validators: connected, hours, ...durations, waits };
  }

  private async counts(): Promise<{ unfinished: number; whitelisted: number }> {
    const [row] = await this.database.manager.query<{ unfinished: number; whitelisted: number }[]>(
      `select (select count(*)::integer from job where overdue_at is not null) as unfinished,
         (select count(*)::integer from hotkey_whitelist) as whitelisted`,
    );
    return row!;
  }

  private jobsOf(hours: Date[]): Promise<Hour[]> {
    return this.database.manager.query(
      `select ${wireTime('one.hour')} as hour, count(*) filter (where status = 'completed')::integer as completed,
         count(*) filter (where status <> 'completed' and status = any ($1))::integer as failed,
         count(*) filter (where status <> all ($1))::integer as going_on
       from unnest($2::timestamptz[]) one (hour)
       join job on created_at >= one.hour and created_at < one.hour + interval '1 hour'
       group by one.hour`,
      [ends, hours],
    );
  }

  private waitsOf(hours: Date[]): Promise<PanelHourSpan[]> {
    return this.database.manager.query(
      `select ${wireTime('one.hour')} as hour,
         percentile_cont(0.5) within group (order by extract(epoch from accepted - created_at)::float8) as seconds
       from unnest($1::timestamptz[]) one (hour) cross join lateral (
         select job.created_at, min(entry.created_at) as accepted
         from (
           select uuid, created_at from job
           where created_at >= one.hour and created_at < one.hour + interval '1 hour'
           order by created_at desc limit ${sampledJobs}
         ) job
         join job_status entry on job_uuid = uuid and entry.status = 'accepted' group by uuid, job.created_at
       ) timed
       group by one.hour`,
      [hours],
    );
  }

  /** From the creation to a miner, and from there to the end. */
  private async durations() {
    const at = (share: number, span: string) =>
      `percentile_cont(${share}) within group (order by extract(epoch from ${span})::float8)`;
    const [row] = await this.database.manager.query<
      Pick<PanelOverview, 'wait_median' | 'wait_p95' | 'run_median' | 'run_p95'>[]
    >(
      `select ${at(0.5, 'accepted - created')} as wait_median, ${at(0.95, 'accepted - created')} as wait_p95,
         ${at(0.5, 'completed - accepted')} as run_median, ${at(0.95, 'completed - accepted')} as run_p95
       from (
         select min(job.created_at) as created,
           min(entry.created_at) filter (where entry.status = 'accepted') as accepted,
           min(entry.created_at) filter (where entry.status = 'completed') as completed
         from (select uuid, created_at from job where created_at > now() - ${day} order by created_at desc limit 1000) job
         join job_status entry on job_uuid = uuid group by uuid
       ) recent`,
    );
    return row!;
  }
}
