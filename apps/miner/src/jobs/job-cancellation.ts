import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';
import {
  errors,
  JobFailed,
  make,
  toJsonValue,
  waitOf,
  type CancelJob,
  type JsonObject,
} from '@horde/protocol';
import { EXECUTOR_LINK, VALIDATOR_LINK } from '../tokens.ts';
import type { Job } from './job.entity.ts';
import { JobRequests } from './job-requests.ts';
import { Jobs } from './jobs.ts';
import type { ExecutorLink, ValidatorLink } from './links.ts';
import type { Received } from './received.ts';
import { SlotQueue } from './slot-queue.ts';

/** Ends jobs that their validators have cancelled. */
@Injectable()
export class JobCancellation {
  constructor(
    private readonly jobs: Jobs,
    private readonly requests: JobRequests,
    private readonly queue: SlotQueue,
    @Inject(VALIDATOR_LINK) private readonly validators: ValidatorLink,
    @Inject(EXECUTOR_LINK) private readonly executors: ExecutorLink,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Passes the cancellation on to the job's executor, which tells the validator how the job ended and what it had printed;
   * one that is not connected, or does not support cancellation, is stopped, and the miner tells it.
   */
  async receive(request: CancelJob, { session, text }: Received): Promise<void> {
    const { job_uuid: uuid, cancelled_by: by } = request;
    if (this.queue.validatorOf(uuid) === session.hotkey) await this.queue.answerNow(uuid);
    const job = await this.jobs.find(uuid);
    if (job?.validator_hotkey !== session.hotkey)
      return session.sendError(`This miner has no job ${uuid} of yours.`);
    this.validators.name(session, uuid);
    // It may have been stored by an attempt that failed before its executor was rung for.
    if (!(await this.requests.cancel(uuid, by, text))) return this.executors.ring(uuid);
    this.logger.info({ by }, 'job cancelled');
    if (this.executors.endsCancelled(uuid)) this.executors.ring(uuid);
    else await this.end({ ...job, cancelled_by: by });
  }

  /** Ends a cancelled job, if it has not ended, and stops its executor. */
  async end(job: Pick<Job, 'uuid' | 'validator_hotkey' | 'status' | 'cancelled_by'>): Promise<void> {
    const by = job.cancelled_by!;
    const failure = make(JobFailed, {
      job_uuid: job.uuid,
      reason: 'unknown',
      stage: waitOf(job.status)?.stage ?? 'unknown',
      message: errors.JOB_CANCELLED(by).message,
      context: toJsonValue({ cancelled_by: by }) as JsonObject,
    });
    await this.jobs.advance(job, 'failed', failure);
    this.executors.stop(job.uuid);
  }
}
