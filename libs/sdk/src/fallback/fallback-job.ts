import { doublingPause, pause } from '@horde/async';
import { clientError } from '../client-error.ts';
import type { JobResult } from '../job-result.ts';
import { withinTime, type TimeLimit } from '../time-limit.ts';
import type { FallbackCloud, FallbackStatus, Forwarding } from './fallback-cloud.ts';

/** How often a task is looked at: three seconds apart in the end. @unit ms */
const looks = { first: 100, max: 3_000 };
/** Where streaming jobs listen, and answer `/health` once they can be used. */
const streamingPort = 8000;
/** How long a job may take to say whether it can be used. @unit ms */
const healthLimit = 5_000;

/** Where a streaming job is reached from this machine: by plain HTTP, through a tunnel that only this machine has. */
export interface FallbackPlace {
  address: string;
  port: number;
  /** Such as `http://127.0.0.1:40123/`. */
  url: string;
}

/** A job on a rented machine. Its machine is given back when it has ended and its result is here. */
export class FallbackJob {
  status: FallbackStatus = 'sent';
  /** null until it has ended. */
  result: Pick<JobResult, 'stdout' | 'stderr' | 'artifacts'> | null = null;
  private tunnel: Forwarding | null = null;

  constructor(
    /** Names it to `FallbackClient.getJob`, in another process, too. */
    readonly handle: string,
    private readonly cloud: FallbackCloud,
    /** All that are open of its client. */
    private readonly tunnels: Set<Forwarding>,
  ) {}

  get hasEnded(): boolean {
    return this.status !== 'sent' && this.status !== 'accepted';
  }

  /** Looks at it; when it has ended its result is fetched. @throws HordeClientError FALLBACK_FAILED; the signal's reason */
  async refresh(signal?: AbortSignal): Promise<void> {
    this.status = await this.cloud.status(this.handle, signal);
    if (!this.hasEnded || this.result) return;
    this.result =
      this.status === 'rejected'
        ? { stdout: '', stderr: '', artifacts: new Map() }
        : await this.cloud.result(this.handle, signal);
  }

  /** Resolves when it has ended, well or not. @throws HordeClientError WAIT_TIMEOUT, FALLBACK_FAILED; the signal's reason */
  wait(limit: TimeLimit = {}): Promise<void> {
    const overdue = () => `The task ${this.handle} is still ${this.status}`;
    return withinTime(limit, overdue, async (until) => {
      for (let look = 1; this.result === null; look++) {
        await this.refresh(until);
        if (!this.hasEnded) await pause(doublingPause(look, looks), until);
      }
      await this.cancel({ signal: until });
    });
  }

  /**
   * Resolves when a streaming job answers `/health` on its port 8000 with 200. Its tunnel lasts until the job has been
   * waited for, or `close`.
   *
   * @throws HordeClientError NOT_STREAMING when it has ended; FALLBACK_FAILED, WAIT_TIMEOUT; the signal's reason
   */
  waitForStreaming(limit: TimeLimit = {}): Promise<FallbackPlace> {
    const overdue = () => `The task ${this.handle} has not answered /health`;
    return withinTime(limit, overdue, async (until) => {
      for (let look = 1; ; look++) {
        await this.refresh(until);
        if (this.hasEnded)
          throw clientError('NOT_STREAMING', { job: this.handle, why: `it is ${this.status}.` });
        if (this.status === 'accepted') {
          const { port } = await this.forwarded(until);
          if (await isHealthy(port, until))
            return { address: '127.0.0.1', port, url: `http://127.0.0.1:${port}/` };
        }
        await pause(doublingPause(look, looks), until);
      }
    });
  }

  /** Gives its machine back, whatever it does. */
  async cancel(options: { signal?: AbortSignal } = {}): Promise<void> {
    this.close();
    await this.cloud.stop(this.handle, options.signal);
  }

  /** Ends its tunnel; the job goes on. */
  close(): void {
    if (!this.tunnel) return;
    this.tunnel.close();
    this.tunnels.delete(this.tunnel);
    this.tunnel = null;
  }

  private async forwarded(signal: AbortSignal): Promise<Forwarding> {
    if (this.tunnel && this.tunnel.failure !== null) this.close();
    this.tunnel ??= await this.cloud.forward(this.handle, streamingPort, signal);
    this.tunnels.add(this.tunnel);
    return this.tunnel;
  }
}

async function isHealthy(port: number, signal: AbortSignal): Promise<boolean> {
  try {
    const until = AbortSignal.any([signal, AbortSignal.timeout(healthLimit)]);
    const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal: until });
    await answer.body?.cancel();
    return answer.status === 200;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
