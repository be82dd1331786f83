import { pause } from '@horde/async';
import { isTerminal, type JobStatus } from '@horde/protocol';
import { HordeClientError } from './client-error.ts';
import type { JobResource, StatusMetadata } from './job-resource.ts';

export interface StatusEntry {
  status: JobStatus;
  createdAt: Date;
  metadata: StatusMetadata;
}

/** What an upload's server answered. */
export interface UploadResult {
  headers: Record<string, string>;
  body: string;
}

export interface JobResult {
  stdout: string;
  stderr: string;
  /** Files of the artifacts folder by their paths in the container. */
  artifacts: Map<string, Buffer>;
  /** By path under /output; those whose answer cannot be read are left out. */
  uploadResults: Map<string, UploadResult>;
}

/** Why a job ended without success. */
export interface JobError {
  /**
   * - `rejection`: nobody took the job
   * - `job_failure`: the job itself failed: its image, data, exit code or time limits
   * - `horde_failure`: the network failed the job
   */
  kind: 'rejection' | 'job_failure' | 'horde_failure';
  reason: string;
  message: string;
  context: unknown;
  /** Who says so; null with a job failure. */
  reportedBy: string | null;
  /** Where a job failure happened. */
  stage: string | null;
  /** The container's exit status, when a job failure has one. */
  exitStatus: number | null;
  /** What the container had printed when the job failed. */
  stdout: string | null;
  stderr: string | null;
}

export interface WaitOptions {
  signal?: AbortSignal;
  /** @unit seconds @default as long as it takes */
  timeout?: number;
  /** Called for each status the job has, once, in order. */
  onStatus?: (entry: StatusEntry, job: Job) => void;
}

/** @unit ms */
const shortestPause = 40;
const maxPause = 3_000;

/** A job, as it was when the facilitator was last asked. */
export class Job {
  constructor(
    private resource: JobResource,
    private readonly fetchAgain: (signal?: AbortSignal) => Promise<JobResource>,
  ) {}

  get uuid(): string {
    return this.resource.uuid;
  }

  get executorClass(): string {
    return this.resource.executor_class;
  }

  get dockerImage(): string {
    return this.resource.docker_image;
  }

  get createdAt(): Date {
    return new Date(this.resource.created_at);
  }

  get status(): JobStatus {
    return (this.resource.status_history.at(-1)?.status ?? 'unknown') as JobStatus;
  }

  /** Whether it has ended, well or not. */
  get hasEnded(): boolean {
    return isTerminal(this.status);
  }

  /** Oldest first. */
  get statusHistory(): StatusEntry[] {
    return this.resource.status_history.map(({ status, created_at, metadata }) => ({
      status: status as JobStatus,
      createdAt: new Date(created_at),
      metadata: metadata ?? {},
    }));
  }

  /** null while the job has not ended. */
  get result(): JobResult | null {
    if (!this.hasEnded) return null;
    const { stdout, stderr, artifacts, upload_results: uploads } = this.resource;
    return {
      stdout,
      stderr,
      artifacts: new Map(
        Object.entries(artifacts ?? {}).map(([path, base64]) => [path, Buffer.from(base64, 'base64')]),
      ),
      uploadResults: new Map(
        Object.entries(uploads ?? {}).flatMap(([path, text]) => uploadResult(path, text)),
      ),
    };
  }

  /** null unless the job has ended without success. */
  get error(): JobError | null {
    const metadata = this.resource.status_history.at(-1)?.metadata ?? {};
    const {
      horde_failure_details: horde,
      job_failure_details: failure,
      job_rejection_details: rejection,
    } = metadata;
    if (horde) return jobError('horde_failure', horde, { reportedBy: horde.reported_by });
    if (rejection && !failure) return jobError('rejection', rejection, { reportedBy: rejection.rejected_by });
    if (!failure) return null;
    return jobError('job_failure', failure, {
      stage: failure.stage,
      exitStatus: failure.docker_process_exit_status ?? null,
      stdout: failure.docker_process_stdout ?? null,
      stderr: failure.docker_process_stderr ?? null,
    });
  }

  /** Asks the facilitator again. @throws HordeClientError */
  async refresh(signal?: AbortSignal): Promise<void> {
    this.resource = await this.fetchAgain(signal);
  }

  /**
   * Resolves when the job has ended, well or not. The facilitator is asked often at first and every three seconds in
   * the end.
   *
   * @throws HordeClientError WAIT_TIMEOUT after `timeout`, and whatever `refresh` throws; the signal's reason
   */
  async wait({ signal, timeout = Infinity, onStatus }: WaitOptions = {}): Promise<void> {
    const start = performance.now();
    const end = start + timeout * 1000;
    let told = 0;
    for (;;) {
      signal?.throwIfAborted();
      for (const entry of this.statusHistory.slice(told)) onStatus?.(entry, this);
      told = this.resource.status_history.length;
      if (this.hasEnded) return;
      const now = performance.now();
      if (now >= end) {
        throw new HordeClientError(
          'WAIT_TIMEOUT',
          `Job ${this.uuid} is still ${this.status} after ${timeout} s.`,
          null,
          true,
        );
      }
      const untilNext = Math.min(Math.max(shortestPause, (now - start) / 20), maxPause, end - now);
      await pause(untilNext, signal);
      await this.refresh(signal);
    }
  }
}

function jobError(
  kind: JobError['kind'],
  { reason, message, context }: { reason: string; message: string; context?: unknown },
  more: Partial<JobError>,
): JobError {
  const nothing = { reportedBy: null, stage: null, exitStatus: null, stdout: null, stderr: null };
  return { kind, reason, message, context: context ?? null, ...nothing, ...more };
}

function uploadResult(path: string, text: string): [string, UploadResult][] {
  try {
    const { headers, body } = JSON.parse(text) as Partial<UploadResult>;
    return [[`/output/${path}`, { headers: headers ?? {}, body: body ?? '' }]];
  } catch {
    return [];
  }
}
