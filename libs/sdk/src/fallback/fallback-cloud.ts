import type { JobResult } from '../job-result.ts';

/** A task for a rented machine: shell scripts, and what the machine has to have. */
export interface FallbackTask {
  /** Such as `alpine:3.20`. */
  image: string;
  /** Run in the container by `sh`; its exit code is the task's. */
  script: string;
  /** Of the script. */
  env: Record<string, string>;
  /** How many of which GPU, such as `{ RTXA6000: 1 }`. @default none */
  accelerators?: Record<string, number>;
  /** A text such as `4+` asks for at least so many. */
  cpus?: number | string;
  /** A text such as `32+` asks for at least so much. @unit GB */
  memory?: number | string;
  /** @unit GB */
  diskSize?: number;
  region?: string;
  zone?: string;
  instanceType?: string;
  /** Ports of the machine that everybody may reach, such as `8080` and `9000-9010`. @default none */
  ports?: (number | string)[];
}

/** A port of this machine, on 127.0.0.1, that leads to one of a rented machine. */
export interface Forwarding {
  readonly port: number;
  /** Why it leads there no longer, though nobody closed it; null while it does. */
  readonly failure: string | null;
  close(): void;
}

/** Of ComputeHorde's fallback client. */
export type FallbackStatus = 'sent' | 'accepted' | 'rejected' | 'completed' | 'failed';

/**
 * Rents machines for tasks, for the time in which the network takes no jobs.
 *
 * A handle is plain data: it names the task to another process, too. All calls end when their signal is aborted, with its
 * reason, and throw HordeClientError FALLBACK_FAILED.
 */
export interface FallbackCloud {
  /** Resolves when the machine has the task. What was rented in vain is given back. */
  start(task: FallbackTask, signal?: AbortSignal): Promise<string>;
  /** The tasks whose machines have not been given back, of other processes, too. */
  list(signal?: AbortSignal): Promise<string[]>;
  status(handle: string, signal?: AbortSignal): Promise<FallbackStatus>;
  /** What a task has left that ended, in `resultFolder` on its machine. */
  result(handle: string, signal?: AbortSignal): Promise<Pick<JobResult, 'stdout' | 'stderr' | 'artifacts'>>;
  /** Leads a port here to a port of the task's machine, for this process and as long as it lives. */
  forward(handle: string, port: number, signal?: AbortSignal): Promise<Forwarding>;
  /** Gives the machine back. Once more does no harm. */
  stop(handle: string, signal?: AbortSignal): Promise<void>;
}

/** Where a task leaves `stdout`, `stderr` and the folder `artifacts`. */
export const resultFolder = '/tmp/horde-result';
