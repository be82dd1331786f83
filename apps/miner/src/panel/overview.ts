import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { ExecutorManager, Manifest } from '@horde/executor-manager';
import { LastHours, sampledJobs, timeText } from '@horde/panel-server';
import type { MinerExecutorClass, MinerExecutorHost, MinerOverview, PanelHourSpan } from '@horde/panel-api';
import { isTerminal, JobStatus, type ExecutorClass } from '@horde/protocol';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { ValidatorDelivery } from '../validators/validator-delivery.ts';
import { CheckRuns } from '../checks/check-runs.ts';
import { ExecutorHosts } from './executor-hosts.ts';
import { overviewSentence } from './overview-rules.ts';

const ends = JobStatus.filter(isTerminal);
const day = `interval '24 hours'`;

type Hour = MinerOverview['hours'][number];
type Counts = Pick<MinerOverview, 'unfinished' | 'active_validators'>;
type Earned = Pick<MinerOverview, 'earned' | 'paid_jobs'> & { hour: string };
type Starts = Pick<MinerOverview, 'start_median' | 'start_p95'>;

/** How the miner is, at one look. */
@Injectable()
export class Overview {
  private readonly hours = new LastHours<Hour>(
    (hours) => this.jobsOf(hours),
    (row) => row.going_on > 0,
  );
  private readonly startsByHour = new LastHours<PanelHourSpan>((hours) => this.startsOf(hours));
  private readonly earned = new LastHours<Earned>((hours) => this.earnedIn(hours));

  constructor(
    private readonly database: Database,
    private readonly hosts: ExecutorHosts,
    private readonly checks: CheckRuns,
    private readonly delivery: ValidatorDelivery,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
  ) {}

  async read(): Promise<MinerOverview> {
    const [hosts, manifest, checks, counts, hours, start, starts, earned] = await Promise.all([
      this.hosts.read(),
      this.manager.manifest(),
      this.checks.all(),
      this.one<Counts>(`select (select count(*)::int from job where ended_at is null) as unfinished,
        (select count(*)::int from validator where active and not blacklisted) as active_validators`),
      this.hours.read(),
      this.starts(),
      this.startsByHour.read(),
      this.earned.read(),
    ]);
    const facts = {
      classes: classesOf(hosts, manifest),
      troubles: [
        ...new Set(hosts.flatMap(({ trouble }) => trouble ?? [])),
        ...checks
          .filter(({ state }) => state === 'failed')
          .map(
            ({ name }) =>
              `The last ${name.replace('_', ' ')} has failed: the page “Self test and doctor” shows what it found.`,
          ),
      ],
      connected_validators: this.delivery.connections().size,
      ...counts,
      hours,
    };
    return {
      sentence: overviewSentence(facts),
      ...facts,
      ...start,
      starts,
      earned: earned.reduce((sum, hour) => sum + hour.earned, 0),
      earnings: earned.map((one) => ({ hour: one.hour, seconds: one.earned })),
      paid_jobs: earned.reduce((sum, hour) => sum + hour.paid_jobs, 0),
    };
  }

  /** An index has those that have ended by how, and when they came; the others are few. */
  private jobsOf(hours: Date[]): Promise<Hour[]> {
    const jobs = (condition: string) => `coalesce(sum(jobs) filter (where ${condition}), 0)::int`;
    return this.database.manager.query(
      `with unfinished as materialized (select accepted_at from job where ended_at is null)
       select ${timeText('one.hour')} as hour, completed, failed, declined, going_on
       from unnest($2::timestamptz[]) one (hour) cross join lateral (
         select ${jobs(`status = 'completed'`)} as completed, ${jobs(`status = 'rejected'`)} as declined,
           ${jobs(`status not in ('completed', 'rejected')`)} as failed
         from unnest($1::text[]) kind (status) cross join lateral (
           select count(*) as jobs from job where job.status = kind.status and ended_at is not null
             and accepted_at >= one.hour and accepted_at < one.hour + interval '1 hour'
         ) counted
       ) ended cross join lateral (
         select count(*)::int as going_on from unfinished
         where accepted_at >= one.hour and accepted_at < one.hour + interval '1 hour'
       ) others
       where completed + failed + declined + going_on > 0`,
      [ends, hours],
    );
  }

  private starts(): Promise<Starts> {
    const at = (share: number) =>
      `percentile_cont(${share}) within group (order by extract(epoch from ready.at - accepted_at)::float8)`;
    return this.one<Starts>(
      `select ${at(0.5)} as start_median, ${at(0.95)} as start_p95
       from (select uuid, accepted_at from job where accepted_at > now() - ${day} order by accepted_at desc limit 1000) job
       join job_event ready on ready.job_uuid = uuid and ready.status = 'executor_ready'`,
    );
  }

  private startsOf(hours: Date[]): Promise<PanelHourSpan[]> {
    return this.database.manager.query(
      `select ${timeText('one.hour')} as hour,
         percentile_cont(0.5) within group (order by extract(epoch from ready.at - accepted_at)::float8) as seconds
       from unnest($1::timestamptz[]) one (hour) cross join lateral (
         select uuid, accepted_at from job
         where accepted_at >= one.hour and accepted_at < one.hour + interval '1 hour'
         order by accepted_at desc limit ${sampledJobs}
       ) job
       join job_event ready on ready.job_uuid = uuid and ready.status = 'executor_ready'
       group by one.hour`,
      [hours],
    );
  }

  /**
   * As validators have signed it. An index has it of all receipts but those that an older version has stored; where there
   * are such ones, they are read.
   */
  private earnedIn(hours: Date[]): Promise<Earned[]> {
    const finished = `from receipt
      where receipt_type = 'JobFinishedReceipt' and stored_at >= one.hour and stored_at < one.hour + interval '1 hour'`;
    return this.database.manager.query(
      `select ${timeText('one.hour')} as hour, noted.earned + older.earned as earned,
         noted.paid_jobs + older.paid_jobs as paid_jobs
       from unnest($1::timestamptz[]) one (hour) cross join lateral (
         select count(*) as jobs, count(*) - count(score) as unnoted, coalesce(sum(score), 0)::float8 as earned,
           count(*) filter (where paying_blocks > 0)::int as paid_jobs
         ${finished}
       ) noted cross join lateral (
         select coalesce(sum((payload::json->>'score_str')::numeric), 0)::float8 as earned,
           count(*) filter (where json_array_length(payload::json->'block_numbers') > 0)::int as paid_jobs
         ${finished} and score is null and noted.unnoted > 0
       ) older
       where jobs > 0`,
      [hours],
    );
  }

  private async one<T>(sql: string): Promise<T> {
    const [row] = await this.database.manager.query<[T]>(sql);
    return row;
  }
}

function classesOf(hosts: MinerExecutorHost[], manifest: Manifest): MinerExecutorClass[] {
  const names = new Set([...Object.keys(manifest), ...hosts.map((host) => host.executor_class)]);
  return [...names].sort().map((executor_class) => {
    const ofClass = hosts.filter((host) => host.executor_class === executor_class);
    const running = ofClass.flatMap((host) => host.running);
    return {
      executor_class,
      offered: manifest[executor_class as ExecutorClass] ?? 0,
      configured: ofClass.reduce((sum, { executors }) => sum + executors, 0),
      busy: running.filter(({ job }) => job !== null).length,
      warm: running.filter(({ job }) => job === null).length,
    };
  });
}
