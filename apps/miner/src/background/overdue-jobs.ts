import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, repeat, withLogContext, type Logger } from '@horde/operations';
import { HordeFailed, make } from '@horde/protocol';
import { JobCancellation } from '../jobs/job-cancellation.ts';
import type { Job } from '../jobs/job.entity.ts';
import { Jobs } from '../jobs/jobs.ts';
import { logThrottle } from '../logging/log-throttle.ts';
import { ExecutorSessions } from '../executors/executor-sessions.ts';
import { ExecutorSupervisor } from '../executors/executor-supervisor.ts';

/** How often is looked for jobs whose time is over. @unit ms */
const interval = 1_000;
/** How long an executor may take to end its job when that was cancelled. @unit seconds */
const cancellationLimit = 20;

/** `over`: its deadline has passed. */
type OverdueJob = Job & { over: boolean };

/** Ends jobs whose executor does not come or does not end, and executors that stay after their job. */
@Injectable()
export class OverdueJobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stop: (() => void) | undefined;

  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly sessions: ExecutorSessions,
    private readonly supervisor: ExecutorSupervisor,
    private readonly cancellation: JobCancellation,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const trouble = logThrottle((error) => this.logger.error({ error }, 'looking for overdue jobs failed'));
    this.stop = repeat(() => this.sweep(), interval, trouble.is);
  }

  beforeApplicationShutdown(): void {
    this.stop?.();
  }

  async sweep(): Promise<void> {
    for (const job of await this.overdue()) {
      await withLogContext({ job: job.uuid }, async () => {
        try {
          await this.end(job);
        } catch (error) {
          // The others must not wait for ever behind one that cannot be ended.
          this.logger.error({ error }, 'an overdue job could not be ended');
        }
      });
    }
  }

  /** All times are the database's, by whose clock they were set: this machine's may differ. */
  private overdue(): Promise<OverdueJob[]> {
    return this.database.manager.query<OverdueJob[]>(
      `select *, deadline < now() as over from job
       where ended_at is null and least(deadline, connect_by) < now()
         or ended_at is null and cancelled_at < now() - make_interval(secs => $1)
         or slot_held and ended_at < now() - interval '1 minute'`,
      [cancellationLimit],
    );
  }

  private async end(job: OverdueJob): Promise<void> {
    if (job.ended_at) {
      this.logger.warn('the executor still runs a minute after its job: it is stopped');
    } else if (job.cancelled_at) {
      this.logger.warn('the executor has not ended its cancelled job');
      return this.cancellation.end(job);
    } else if (!job.over) {
      if (this.sessions.has(job.uuid)) return;
      return this.supervisor.lost(
        job.uuid,
        `it did not ${job.connected_at ? 'come back' : 'connect'} in time`,
      );
    } else {
      const seconds = Math.round((job.deadline.getTime() - job.accepted_at.getTime()) / 1000);
      const message = `The job did not end within ${seconds} s, all of its limits together.`;
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
