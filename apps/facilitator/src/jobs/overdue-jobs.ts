import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { steadyNow } from '@horde/async';
import { Database } from '@horde/database';
import { LOGGER, repeat, withLogContext, type Logger } from '@horde/operations';
import { errors, statusLabel, waitOf, type HordeError, type JobStatus } from '@horde/protocol';
import { FacilitatorSettings } from '../settings.ts';
import { Channels } from '../validators/channels.ts';
import { Cancellations } from './cancellations.ts';
import { JobStatuses } from './job-statuses.ts';

/** How often jobs are looked for that wait in vain. @unit ms */
const interval = 5_000;
/** How many are read at once. */
const batch = 100;

interface OverdueJob {
  uuid: string;
  validator: string;
  status: JobStatus;
  /** How long nothing has been heard of it. @unit seconds */
  silence: number;
}

/**
 * Ends jobs of which nothing is heard any more. Every replica may do so at any time: a job ends once, and one that has moved
 * on meanwhile does not.
 */
@Injectable()
export class OverdueJobs implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: () => void = () => undefined;

  constructor(
    private readonly database: Database,
    private readonly statuses: JobStatuses,
    private readonly cancellations: Cancellations,
    private readonly channels: Channels,
    private readonly settings: FacilitatorSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    // While this service was away its validators could tell it nothing.
    const begin = steadyNow() + this.settings.validatorGracePeriod * 1_000;
    this.stop = repeat(
      async () => {
        if (steadyNow() >= begin) await this.end();
      },
      interval,
      (error) => this.logger.warn({ error }, 'jobs that wait in vain could not be ended'),
    );
  }

  onApplicationShutdown(): void {
    this.stop();
  }

  /** Ends all jobs whose time is over. Returns how many it has ended itself. */
  async end(): Promise<number> {
    let ended = 0;
    for (let found = batch; found === batch;) {
      const jobs = await this.database.manager.query<OverdueJob[]>(
        `select uuid, target_validator_hotkey as validator, status,
           extract(epoch from clock_timestamp() - (select max(created_at) from job_status where job_uuid = uuid))::int
             as silence
         from job where overdue_at < clock_timestamp() order by overdue_at limit ${batch}`,
      );
      for (const job of jobs) if (await this.endOne(job)) ended++;
      found = jobs.length;
    }
    return ended;
  }

  private async endOne(job: OverdueJob): Promise<boolean> {
    const { uuid, validator } = job;
    const { message } = await this.reason(job);
    const isEnded = await this.database.transaction(async (tx) => {
      if (!(await this.statuses.expireIn(tx, job, message))) return false;
      await this.cancellations.giveUpIn(tx, validator, uuid);
      return true;
    });
    if (isEnded)
      withLogContext({ job: uuid, validator }, () => this.logger.warn(`the job has ended: ${message}`));
    return isEnded;
  }

  private async reason({ validator, status, silence }: OverdueJob): Promise<HordeError> {
    if (status !== 'sent')
      return errors.JOB_SILENT(
        statusLabel(status),
        validator,
        silence,
        waitOf(status)?.next ?? 'it has ended',
      );
    return (await this.channels.newest(validator))
      ? errors.JOB_UNANSWERED(validator, silence)
      : errors.VALIDATOR_STAYED_AWAY(validator, silence);
  }
}
