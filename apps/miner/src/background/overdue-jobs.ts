import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Database } from '@horde/database';
import {
  LOGGER,
  LogThrottle,
  repeat,
  sparingly,
  troubleLog,
  withLogContext,
  type Logger,
} from '@horde/operations';
import { HordeFailed, make } from '@horde/protocol';
import { JobCancellation } from '../jobs/job-cancellation.ts';
import type { Job } from '../jobs/job.entity.ts';
import { Jobs } from '../jobs/jobs.ts';
import { Backoff } from '../executors/backoff.ts';
import { ExecutorSessions } from '../executors/executor-sessions.ts';
import { ExecutorSupervisor } from '../executors/executor-supervisor.ts';

/** How often is looked for jobs whose time is over. @unit ms */
const interval = 2_000;
/** While the miner has no job and no executor, all but one in so many of these looks are left out. */
const idleTurns = 3;
/** How long an executor may take to end its job when that was cancelled. @unit seconds */
const cancellationLimit = 20;

/** The pause before the same job is ended or stopped again: its executor's machine may be away. @unit ms */
const pauses = { first: 2_000, max: 60_000 };
/** That an executor stays after its job is logged again after so long. @unit ms */
const repeatAfter = 600_000;

/** What is read of a job, and all that is: there may be many, again and again. */
type OverdueJob = Pick<
  Job,
  'uuid' | 'validator_hotkey' | 'status' | 'cancelled_by' | 'cancelled_at' | 'connected_at' | 'ended_at'
> & {
  /** Its deadline has passed. */
  over: boolean;
  /** All of its limits together. @unit seconds */
  limit: number;
};

/** Ends jobs whose executor does not come or does not end, and executors that stay after their job. */
@Injectable()
export class OverdueJobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stop: (() => void) | undefined;
  private isIdle = false;
  private readonly backoff = new Backoff<string>(pauses);
  private readonly cannotEnd = troubleLog((error) =>
    // The others must not wait for ever behind one that cannot be ended.
    this.logger.error({ error }, 'an overdue job could not be ended'),
  );
  private readonly stuck = new LogThrottle(repeatAfter);

  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly sessions: ExecutorSessions,
    private readonly supervisor: ExecutorSupervisor,
    private readonly cancellation: JobCancellation,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const trouble = troubleLog((error) => this.logger.error({ error }, 'looking for overdue jobs failed'));
    const look = sparingly(
      idleTurns,
      () => this.isIdle,
      () => this.sweep(),
    );
    this.stop = repeat(look, interval, trouble.is);
  }

  beforeApplicationShutdown(): void {
    this.stop?.();
  }

  async sweep(): Promise<void> {
    const overdue = await this.overdue();
    this.backoff.keepOnly(overdue.map(({ uuid }) => uuid));
    for (const job of overdue) {
      if (!this.backoff.isOver(job.uuid)) continue;
      this.backoff.failed(job.uuid); // until it is seen no more
      await withLogContext({ job: job.uuid }, () => this.end(job).catch(this.cannotEnd.is));
    }
  }

  /** All times are the database's, by whose clock they were set: this machine's may differ. */
  private async overdue(): Promise<OverdueJob[]> {
    const rows = await this.database.manager.query<(OverdueJob & { idle: boolean })[]>(
      `select idle, uuid, validator_hotkey, status, cancelled_by, cancelled_at, connected_at, ended_at,
         deadline < now() as over, round(extract(epoch from deadline - accepted_at))::float8 as limit
       from (
         select not exists (select from job where ended_at is null)
           and not exists (select from job where slot_held) as idle
       ) miner
       left join job on ended_at is null and least(deadline, connect_by) < now()
         or ended_at is null and cancelled_at < now() - make_interval(secs => $1)
         or slot_held and ended_at < now() - interval '1 minute'`,
      [cancellationLimit],
    );
    this.isIdle = rows[0]!.idle;
    return rows.filter(({ uuid }) => uuid !== null);
  }

  private async end(job: OverdueJob): Promise<void> {
    if (job.ended_at) {
      if (this.stuck.allows(job.uuid))
        this.logger.warn('the executor still runs a minute after its job: it is stopped');
    } else if (job.cancelled_at) {
      this.logger.warn('the executor has not ended its cancelled job');
      return this.cancellation.end(job);
    } else if (!job.over) {
      if (this.sessions.has(job.uuid)) return this.backoff.succeeded(job.uuid);
      return this.supervisor.lost(
        job.uuid,
        `it did not ${job.connected_at ? 'come back' : 'connect'} in time`,
      );
    } else {
      const message = `The job did not end within ${job.limit} s, all of its limits together.`;
      this.logger.warn(message);
      const failure = make(HordeFailed, {
        job_uuid: job.uuid,
        reported_by: 'miner',
        reason: 'unhandled_timeout',
        message,
      });
      await this.jobs.advance(job, 'horde_failed', failure);
    }
    this.supervisor.stop(job.uuid);
  }
}
