import type { ExecutorClass } from '@horde/protocol';

/** How many executors of each class can run at the same time. */
export type Manifest = Partial<Record<ExecutorClass, number>>;

export interface StartExecutor {
  /** What the executor shows the miner; for one job only. */
  token: string;
  jobUuid: string;
  executorClass: ExecutorClass;
  /** The address the executor connects to: `ws://host:port`. */
  minerAddress: string;
  /** How long the executor may take to get ready, without its class's spin-up time. @unit seconds */
  startupTimeLimit: number;
}

/** Where an executor is: plain data, stored with the job, so that a restarted miner finds it again. */
export type ExecutorHandle = Record<string, string | number | null>;

export interface ExitStatus {
  /** The exit code; null when it is not known any more. */
  code: number | null;
}

/**
 * Starts and stops executors on the machines that a miner owns.
 *
 * Promises, checked for every manager by `executorManagerConformance`:
 * - `start` returns a handle or leaves nothing behind; it never does both;
 * - a handle is plain data and survives a restart of the miner: `recover` finds the executor again or says `gone`;
 * - `stop` is idempotent, and returns when neither the executor nor its job's container runs any more;
 * - `wait` returns at once when the executor has ended, also for a handle of an earlier process.
 * How many executors of a class may run at once is counted by the miner, from `manifest`.
 */
export interface ExecutorManager {
  manifest(): Promise<Manifest>;
  start(request: StartExecutor, signal: AbortSignal): Promise<ExecutorHandle>;
  recover(handle: ExecutorHandle): Promise<'running' | 'gone'>;
  wait(handle: ExecutorHandle, signal: AbortSignal): Promise<ExitStatus>;
  /** @param grace how long it may take to stop by itself. @unit ms */
  stop(handle: ExecutorHandle, grace: number): Promise<void>;
  /** Host or IP that users reach streaming jobs on; null: the address the executor connects from. */
  publicAddress(handle: ExecutorHandle): Promise<string | null>;
}
