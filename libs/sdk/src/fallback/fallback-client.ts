import { doublingPause, pause } from '@horde/async';
import type { JobSpec } from '../job-spec.ts';
import { withinTime, type TimeLimit } from '../time-limit.ts';
import type { FallbackCloud, Forwarding } from './fallback-cloud.ts';
import { FallbackJob } from './fallback-job.ts';
import { fallbackTaskOf, type FallbackJobOptions } from './fallback-task.ts';

export interface FallbackRunOptions extends FallbackJobOptions, TimeLimit {
  /** 0: without end. @default 3 */
  maxAttempts?: number;
  /** Called for each task that is started. */
  onAttempt?: (job: FallbackJob, attempt: number) => unknown;
}

/** Between attempts. @unit ms */
const pauses = { first: 200, max: 5_000 };

/** Runs the jobs of the network on rented machines, while the network takes none. */
export class FallbackClient {
  private readonly tunnels = new Set<Forwarding>();

  constructor(private readonly cloud: FallbackCloud) {}

  /** @throws HordeClientError FALLBACK_FAILED, BAD_JOB_SPEC; the signal's reason */
  async createJob(
    spec: JobSpec,
    { signal, ...options }: FallbackJobOptions & Pick<TimeLimit, 'signal'> = {},
  ): Promise<FallbackJob> {
    return this.getJob(await this.cloud.start(fallbackTaskOf(spec, options), signal));
  }

  /** A job by its handle; `wait` looks at it. */
  getJob(handle: string): FallbackJob {
    return new FallbackJob(handle, this.cloud, this.tunnels);
  }

  /**
   * The jobs whose machines have not been given back, of other processes, too, as they are now.
   *
   * @throws HordeClientError FALLBACK_FAILED; the signal's reason
   */
  async getJobs({ signal }: { signal?: AbortSignal } = {}): Promise<FallbackJob[]> {
    const jobs = (await this.cloud.list(signal)).map((handle) => this.getJob(handle));
    for (const job of jobs) await job.refresh(signal);
    return jobs;
  }

  /** As `HordeClient.runUntilComplete`. */
  runUntilComplete(
    spec: JobSpec,
    { signal, timeout, maxAttempts = 3, onAttempt, ...options }: FallbackRunOptions = {},
  ): Promise<FallbackJob> {
    const overdue = () => 'The job has not completed';
    return withinTime({ signal, timeout }, overdue, async (until) => {
      for (let attempt = 1; ; attempt++) {
        const job = await this.createJob(spec, { ...options, signal: until });
        await onAttempt?.(job, attempt);
        await job.wait({ signal: until });
        if (job.status === 'completed' || attempt === maxAttempts) return job;
        await pause(doublingPause(attempt, pauses), until);
      }
    });
  }

  /** Ends the tunnels to its streaming jobs. Jobs go on. */
  close(): void {
    for (const tunnel of this.tunnels) tunnel.close();
    this.tunnels.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
