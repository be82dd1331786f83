import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';

/** How long a job is kept after its last status, as in ComputeHorde. */
const keptFor = `interval '7 days'`;
/** How many jobs are removed by one statement: each may have a result of 50 MB. */
const batchSize = 50;
/** How often old jobs are looked for. @unit ms */
const interval = 3_600_000;

/** Removes old jobs. Every replica may do so at any time: each takes others, and nothing happens twice. */
@Injectable()
export class JobRetention implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.evict().catch((error: unknown) => this.logger.warn({ error }, 'old jobs could not be removed'));
    }, interval).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Removes all jobs whose last status is older than seven days, with their results. Returns how many. */
  async evict(): Promise<number> {
    let jobs = 0;
    for (let removed; (removed = await this.evictSome()) > 0;) jobs += removed;
    if (jobs > 0) this.logger.info({ jobs }, 'old jobs were removed');
    return jobs;
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
         delete from job using old where job.uuid = old.uuid returning 1
       )
       select count(*)::int as count from gone`,
    );
    return count;
  }
}
