import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import type { PanelHourSpan, ValidatorOverview } from '@horde/panel-api';
import { LastHours, sampledJobs, timeText } from '@horde/panel-server';
import { isTerminal, JobStatus } from '@horde/protocol';
import { outcomeWords } from './jobs/outcome-words.ts';

const day = `interval '24 hours'`;
const ends = JobStatus.filter(isTerminal);
/** What is reckoned of jobs one by one is reckoned of the newest ones. */
const recent = `select uuid, received_at from job where received_at > now() - ${day}
  order by received_at desc, uuid desc limit 1000`;
const shownCycles = 5;
type Part<K extends keyof ValidatorOverview> = Pick<ValidatorOverview, K>;
type Hour = ValidatorOverview['hours'][number];
type Durations = Part<'wait_median' | 'wait_p95' | 'run_median' | 'run_p95'>;

/** How the validator is, at one look. */
@Injectable()
export class Overview {
  private readonly hours = new LastHours<Hour>(
    (hours) => this.jobsOf(hours),
    (row) => row.going_on > 0,
  );
  private readonly waits = new LastHours<PanelHourSpan>((hours) => this.waitsOf(hours));
  private readonly spend = new LastHours<PanelHourSpan>((hours) => this.spendOf(hours));

  constructor(
    private readonly database: Database,
    private readonly keypair: Keypair,
  ) {}

  async read(): Promise<ValidatorOverview> {
    const [counts, hours, durations, waits, attemptEnds, spend, cycles] = await Promise.all([
      this.counts(),
      this.hours.read(),
      this.durations(),
      this.waits.read(),
      this.ends(),
      this.spend.read(),
      this.cycles(),
    ]);
    const { address: hotkey } = this.keypair;
    return { hotkey, ...counts, hours, ...durations, waits, ends: attemptEnds, spend, cycles };
  }

  private async counts(): Promise<Part<'waiting' | 'running' | 'miners' | 'executors' | 'whitelisted'>> {
    const [row] = await this.database.manager.query<
      [Part<'waiting' | 'running' | 'miners' | 'executors' | 'whitelisted'>]
    >(
      `select (select count(*)::int from job where waits_since is not null) as waiting,
         (select count(*)::int from job where ended_at is null and waits_since is null) as running,
         (select count(distinct hotkey)::int from miner_manifest where count > 0) as miners,
         (select coalesce(sum(count), 0)::int from miner_manifest) as executors,
         (select count(*)::int from whitelisted_hotkey) as whitelisted`,
    );
    return row;
  }

  /** An index has the jobs of a status by the time when they came. */
  private jobsOf(hours: Date[]): Promise<Hour[]> {
    return this.database.manager.query(
      `select ${timeText('one.hour')} as hour,
         coalesce(sum(jobs) filter (where status = 'completed'), 0)::int as completed,
         coalesce(sum(jobs) filter (where status <> 'completed' and status = any ($1)), 0)::int as failed,
         coalesce(sum(jobs) filter (where status <> all ($1)), 0)::int as going_on
       from unnest($2::timestamptz[]) one (hour) cross join unnest($3::text[]) kind (status)
       cross join lateral (
         select count(*) as jobs from job
         where job.status = kind.status and received_at >= one.hour and received_at < one.hour + interval '1 hour'
       ) counted
       group by one.hour having sum(jobs) > 0`,
      [ends, hours, JobStatus],
    );
  }

  /** From the arrival to a miner, and from there to the end. */
  private async durations(): Promise<Durations> {
    const at = (share: number, span: string) =>
      `percentile_cont(${share}) within group (order by extract(epoch from ${span})::float8)`;
    const [row] = await this.database.manager.query<[Durations]>(
      `select ${at(0.5, 'accepted - received_at')} as wait_median, ${at(0.95, 'accepted - received_at')} as wait_p95,
         ${at(0.5, 'completed - accepted')} as run_median, ${at(0.95, 'completed - accepted')} as run_p95
       from (
         select received_at, min(at) filter (where status = 'accepted') as accepted,
           min(at) filter (where status = 'completed') as completed
         from (${recent}) job join job_event on job_uuid = uuid group by uuid, received_at
       ) timed`,
    );
    return row;
  }

  private waitsOf(hours: Date[]): Promise<PanelHourSpan[]> {
    return this.database.manager.query(
      `select ${timeText('one.hour')} as hour,
         percentile_cont(0.5) within group (order by extract(epoch from accepted - received_at)::float8) as seconds
       from unnest($1::timestamptz[]) one (hour) cross join lateral (
         select received_at, min(at) as accepted
         from (
           select uuid, received_at from job
           where received_at >= one.hour and received_at < one.hour + interval '1 hour'
           order by received_at desc, uuid desc limit ${sampledJobs}
         ) job
         join job_event event on job_uuid = uuid and event.status = 'accepted' group by uuid, received_at
       ) timed
       group by one.hour`,
      [hours],
    );
  }

  private async ends(): Promise<ValidatorOverview['ends']> {
    const rows = await this.database.manager.query<ValidatorOverview['ends']>(
      `select outcome, count(*)::int as count from (${recent}) job join attempt on job_uuid = job.uuid
       where outcome is not null group by outcome order by 2 desc, 1`,
    );
    return rows.map(({ outcome, count }) => ({ outcome: outcomeWords(outcome), count }));
  }

  private spendOf(hours: Date[]): Promise<PanelHourSpan[]> {
    return this.database.manager.query(
      `select ${timeText('one.hour')} as hour, seconds
       from unnest($2::timestamptz[]) one (hour) cross join lateral (
         select sum(score)::float8 as seconds from receipt
         where receipt_type = 'JobFinishedReceipt' and validator_hotkey = $1
           and timestamp >= one.hour and timestamp < one.hour + interval '1 hour'
       ) paid
       where seconds is not null`,
      [this.keypair.address, hours],
    );
  }

  private cycles(): Promise<ValidatorOverview['cycles']> {
    return this.database.manager.query(
      `select cycle_start, note as sentence, json_array_length(weights::json) as weighted
       from cycle_weights order by cycle_start desc limit ${shownCycles}`,
    );
  }
}
