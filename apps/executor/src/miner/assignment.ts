import { Injectable } from '@nestjs/common';
import { type CancelJob, errors, type InitialJobRequest, type JobRequest, writeFrame } from '@horde/protocol';

/** The one job that this executor is for, as far as the miner has sent it. */
@Injectable()
export class Assignment {
  private readonly initialArrived = Promise.withResolvers<InitialJobRequest>();
  private readonly jobArrived = Promise.withResolvers<JobRequest>();
  private readonly cancelArrived = Promise.withResolvers<CancelJob>();
  private initialFrame: string | null = null;
  private jobFrame: string | null = null;
  private uuid: string | null = null;

  /** Resolves with what the executor has to get ready for. */
  readonly initial = this.initialArrived.promise;
  /** Resolves with what it has to run; rejects with JOB_REQUEST_UNREADABLE. */
  readonly job = this.jobArrived.promise;
  /** Resolves when the job is to end. */
  readonly cancellation = this.cancelArrived.promise;
  /** The number of the miner's last message about the job; 0: it has sent none, or numbers none. */
  received = 0;

  constructor() {
    this.job.catch(() => {}); // for whoever waits for it
  }

  /** Null: the miner has sent no job. */
  get jobUuid(): string | null {
    return this.uuid;
  }

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
    this.uuid = message.job_uuid;
    this.initialArrived.resolve(message);
    return null;
  }

  /** As `takeInitial`, for the job request, which follows it. */
  takeJob(message: JobRequest): string | null {
    const problem = this.notOurs(message);
    if (problem !== null) return problem;
    const frame = writeFrame(message);
    if (this.jobFrame !== null)
      return this.jobFrame === frame ? null : 'This executor already has its job request.';
    this.jobFrame = frame;
    this.jobArrived.resolve(message);
    return null;
  }

  /** Takes a frame that could not be read. Where it was to be the job request, there will be no other. */
  takeUnreadable(frame: string, why: string): void {
    const isJobRequest = /"message_type"\s*:\s*"V0JobRequest"/.test(frame);
    if (this.uuid === null || !isJobRequest || !frame.includes(this.uuid)) return;
    this.jobArrived.reject(errors.JOB_REQUEST_UNREADABLE(why));
  }

  /** As `takeInitial`, for the cancellation of the job. */
  takeCancel(message: CancelJob): string | null {
    const problem = this.notOurs(message);
    if (problem === null) this.cancelArrived.resolve(message);
    return problem;
  }

  private notOurs({ message_type, job_uuid }: JobRequest | CancelJob): string | null {
    if (this.uuid === null) return `A ${message_type} came before the V0InitialJobRequest.`;
    return job_uuid === this.uuid ? null : `This executor has job ${this.uuid}, not ${job_uuid}.`;
  }
}
