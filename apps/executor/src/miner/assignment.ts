import { Injectable } from '@nestjs/common';
import { type InitialJobRequest, type JobRequest, writeFrame } from '@horde/protocol';

/** The one job that this executor is for, as far as the miner has told it. */
@Injectable()
export class Assignment {
  private readonly initialArrived = Promise.withResolvers<InitialJobRequest>();
  private readonly jobArrived = Promise.withResolvers<JobRequest>();
  private initialFrame: string | null = null;
  private jobFrame: string | null = null;
  private jobUuid: string | null = null;

  /** Resolves with what the executor has to get ready for. */
  readonly initial = this.initialArrived.promise;
  /** Resolves with what it has to run. */
  readonly job = this.jobArrived.promise;

  /**
   * Takes the initial request. The same one again changes nothing: miners repeat it after a reconnect.
   *
   * @returns why it cannot be taken; null: it was
   */
  takeInitial(message: InitialJobRequest): string | null {
    const frame = writeFrame(message);
    if (this.initialFrame !== null)
      return this.initialFrame === frame ? null : 'This executor already has a job.';
    this.initialFrame = frame;
    this.jobUuid = message.job_uuid;
    this.initialArrived.resolve(message);
    return null;
  }

  /** As `takeInitial`, for the job request, which follows it. */
  takeJob(message: JobRequest): string | null {
    if (this.jobUuid === null) return 'A V0JobRequest came before the V0InitialJobRequest.';
    if (message.job_uuid !== this.jobUuid)
      return `This executor has job ${this.jobUuid}, not ${message.job_uuid}.`;
    const frame = writeFrame(message);
    if (this.jobFrame !== null)
      return this.jobFrame === frame ? null : 'This executor already has its job request.';
    this.jobFrame = frame;
    this.jobArrived.resolve(message);
    return null;
  }
}
