import type { Certificate } from '@horde/network';
import { isTerminal, type JobStatus } from '@horde/protocol';
import { clientError } from './client-error.ts';
import type { JobDescription } from './description.ts';
import { followJob, type EventOptions } from './events/follow-job.ts';
import type { GapEvent, JobEvent, OutputEvent } from './events/job-event.ts';
import type { JobSource } from './events/job-source.ts';
import { statusOf, streamingOf, type JobResource, type StatusMetadata } from './job-resource.ts';
import { StreamingPlace } from './streaming/streaming-place.ts';
import { errorOf, resultOf, type JobError, type JobResult } from './job-result.ts';
import { withinTime, type TimeLimit } from './time-limit.ts';

/** What a program has to keep of a job, to go on with it after a restart. Holds a private key where the job streams. */
export interface SavedJob {
  uuid: string;
  certificate: Certificate | null;
}

export interface StatusEntry {
  status: JobStatus;
  createdAt: Date;
  metadata: StatusMetadata;
}

export interface WaitOptions extends TimeLimit {
  /** Called for each status the job has, once, in order. */
  onStatus?: (entry: StatusEntry, job: Job) => void;
}

/** A job, as it was when the facilitator last told of it. */
export class Job {
  constructor(
    private resource: JobResource,
    private readonly source: JobSource,
    /** Of this job's user, with its key; null unless it is a streaming job that this client made or was given back. */
    readonly certificate: Certificate | null = null,
  ) {}

  get uuid(): string {
    return this.resource.uuid;
  }

  /** For `client.resume`; plain data, for a file of the program's own. */
  get saved(): SavedJob {
    return { uuid: this.uuid, certificate: this.certificate };
  }

  get executorClass(): string {
    return this.resource.executor_class;
  }

  get dockerImage(): string {
    return this.resource.docker_image;
  }

  get jobNamespace(): string | null {
    return this.resource.job_namespace ?? null;
  }

  get tag(): string {
    return this.resource.tag ?? '';
  }

  /** The folder whose small files are the result's artifacts; null: none. */
  get artifactsDir(): string | null {
    return this.resource.artifacts_dir || null;
  }

  get createdAt(): Date {
    return new Date(this.resource.created_at);
  }

  get status(): JobStatus {
    return statusOf(this.resource);
  }

  /** Whether it has ended, well or not. */
  get hasEnded(): boolean {
    return isTerminal(this.status);
  }

  /** Oldest first. Of a job in a lean list the last one only. */
  get statusHistory(): StatusEntry[] {
    return this.resource.status_history.map(({ status, created_at, metadata }) => ({
      status: status as JobStatus,
      createdAt: new Date(created_at),
      metadata: metadata ?? {},
    }));
  }

  /** null while the job has not ended, and of a job in a lean list until it was refreshed. */
  get result(): JobResult | null {
    return this.hasEnded && !this.resource.isLean ? resultOf(this.resource) : null;
  }

  /** null unless the job has ended without success, and of a job in a lean list until it was refreshed. */
  get error(): JobError | null {
    return errorOf(this.resource);
  }

  /** Asks the facilitator again. @throws HordeClientError */
  async refresh(signal?: AbortSignal): Promise<void> {
    this.resource = await this.source.read(signal);
  }

  /**
   * Has the job ended. Resolves when the facilitator has taken that; `wait` tells when it has happened. Once more does
   * no harm.
   *
   * @throws HordeClientError NOT_CANCELLABLE, NOT_SUPPORTED, …
   */
  async cancel(options: { signal?: AbortSignal } = {}): Promise<void> {
    this.resource = await this.source.cancel(options.signal);
  }

  /**
   * Why the job is where it is: what it waits for, who was asked to run it, and why others were not.
   *
   * @throws HordeClientError NOT_SUPPORTED from ComputeHorde's facilitator, …
   */
  describe(options: { signal?: AbortSignal } = {}): Promise<JobDescription> {
    return this.source.describe(options.signal);
  }

  /**
   * What happens to the job from its beginning (or behind `lastEventId`) until it has ended: its statuses, what it waits
   * for, progress, and its output. A connection that breaks is made again, and nothing is told twice. From a facilitator
   * without events the job is polled: statuses as they come, the output at the end. With the last event, `end`, the job
   * has its result.
   *
   * @throws HordeClientError when the facilitator is away for longer than the client's `patience`, …; the signal's reason
   */
  async *events(options: EventOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    if (this.resource.isLean) await this.refresh(options.signal);
    const read = async (signal?: AbortSignal) => {
      await this.refresh(signal);
      return this.resource;
    };
    for await (const event of followJob(this.source, read, options)) {
      if (event.type === 'status') this.advance(event);
      yield event;
    }
  }

  /** What the job prints, piece by piece while it runs, and which bytes of it are not kept. @throws as `events` */
  async *output(options: EventOptions = {}): AsyncGenerator<OutputEvent | GapEvent, void, undefined> {
    for await (const event of this.events(options)) {
      if (event.type === 'output' || event.type === 'gap') yield event;
    }
  }

  /**
   * Resolves when the job has ended, well or not.
   *
   * @throws HordeClientError WAIT_TIMEOUT after `timeout`, and as `events`; the signal's reason
   */
  async wait({ signal, timeout, onStatus }: WaitOptions = {}): Promise<void> {
    let told = 0;
    const tell = () => {
      for (; told < this.resource.status_history.length; told++) onStatus?.(this.statusHistory[told]!, this);
    };
    signal?.throwIfAborted();
    if (this.resource.isLean) await this.refresh(signal);
    tell();
    if (this.hasEnded) return;
    await this.within({ signal, timeout }, async (until) => {
      for await (const _event of this.events({ signal: until })) tell();
    });
  }

  /**
   * Resolves when a streaming job listens.
   *
   * @throws HordeClientError NOT_STREAMING when it has ended, or was made without `streaming`; WAIT_TIMEOUT and others as
   * `wait`
   */
  async waitForStreaming(limit: TimeLimit = {}): Promise<StreamingPlace> {
    if (!this.certificate)
      throw clientError('NOT_STREAMING', {
        job: this.uuid,
        why: 'nobody here has the certificate of its user.',
      });
    return this.within(limit, async (until) => {
      const place = this.streamingPlace();
      if (place) return place;
      for await (const _event of this.events({ signal: until })) {
        const place = this.streamingPlace();
        if (place) return place;
      }
      const why = this.error?.message ?? 'It did not listen.';
      throw clientError('NOT_STREAMING', { job: this.uuid, why: `it is ${this.status}: ${why}` });
    });
  }

  private streamingPlace(): StreamingPlace | null {
    const details = this.hasEnded ? null : streamingOf(this.resource);
    return details && this.certificate ? new StreamingPlace(details, this.certificate) : null;
  }

  /** Does work that a signal or a time limit ends. */
  private within<Result>(limit: TimeLimit, work: (until: AbortSignal) => Promise<Result>): Promise<Result> {
    const overdue = () => `Job ${this.uuid} is still ${this.status}`;
    return withinTime(limit, overdue, work);
  }

  /** A status that the facilitator has told since it was asked. */
  private advance({ status, createdAt, metadata }: StatusEntry): void {
    const history = this.resource.status_history;
    if (history.some((entry) => entry.status === status)) return;
    const entry = { status, created_at: createdAt.toISOString(), metadata };
    this.resource = { ...this.resource, status_history: [...history, entry] };
  }
}
