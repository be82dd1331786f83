import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ExecutorHandle,
  ExecutorManager,
  ExitStatus,
  Manifest,
  StartExecutor,
} from '../executor-manager.ts';
import { bootId, membersOf, processFacts, signal } from './proc.ts';

export interface ProcessExecutorManagerOptions {
  /** How many executors of each class this machine runs at once. */
  executors: Manifest;
  /** The program and its first arguments; `run_executor --startup-time-limit N` follows. */
  command: string[];
  /** What executors see of the environment, besides MINER_ADDRESS, EXECUTOR_TOKEN and EXECUTOR_ON_HOST. */
  environment: Record<string, string | undefined>;
  /** A folder for the executors' output, one file for each job. Without it their output is dropped. */
  logFolder?: string;
}

/** How often a process that another miner process started is looked at. @unit ms */
const pollInterval = 200;

/**
 * Runs executors as processes on the miner's own machine, as ComputeHorde's development manager does. Each has a
 * session of its own, so it outlives the miner; nothing isolates it from the machine.
 */
export class ProcessExecutorManager implements ExecutorManager {
  /** How the processes that this one started have ended or will end. */
  private readonly exits = new Map<string, Promise<ExitStatus>>();

  constructor(private readonly options: ProcessExecutorManagerOptions) {}

  async manifest(): Promise<Manifest> {
    return { ...this.options.executors };
  }

  async start(request: StartExecutor, abort: AbortSignal): Promise<ExecutorHandle> {
    abort.throwIfAborted();
    const child = this.spawn(request);
    // Read before anything is awaited: until then even a process that ends at once is still known to the kernel.
    const facts = child.pid === undefined ? null : processFacts(child.pid);
    const exit = new Promise<ExitStatus>((resolve) => child.once('exit', (code) => resolve({ code })));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    const handle = {
      pid: child.pid!,
      startTime: facts?.startTime ?? 'ended',
      group: child.pid!,
      boot: bootId(),
    };
    if (abort.aborted) {
      await this.stop(handle, 0);
      throw abort.reason;
    }
    const key = keyOf(handle);
    this.exits.set(key, exit);
    return handle;
  }

  async recover(handle: ExecutorHandle): Promise<'running' | 'gone'> {
    return isRunning(handle) ? 'running' : 'gone';
  }

  async wait(handle: ExecutorHandle, abort: AbortSignal): Promise<ExitStatus> {
    const exit = this.exits.get(keyOf(handle));
    if (!exit) {
      while (isRunning(handle)) await sleep(pollInterval, undefined, { signal: abort });
      return { code: null };
    }
    const status = await untilAborted(exit, abort);
    this.exits.delete(keyOf(handle));
    return status;
  }

  async stop(handle: ExecutorHandle, grace: number): Promise<void> {
    const group = Number(handle['group']);
    if (!mayHoldGroup(handle)) return;
    signal(-group, 'SIGTERM');
    const killAt = performance.now() + grace;
    while (isRunning(handle) && performance.now() < killAt) await sleep(Math.min(50, grace));
    while (membersOf(group).length > 0) {
      signal(-group, 'SIGKILL');
      await sleep(20);
    }
  }

  async publicAddress(): Promise<string | null> {
    return '127.0.0.1';
  }

  private spawn(request: StartExecutor): ChildProcess {
    const { command, environment, logFolder } = this.options;
    const [program, ...first] = command;
    const output = logFolder ? openLog(logFolder, request.jobUuid) : 'ignore';
    try {
      return spawn(
        program!,
        [...first, 'run_executor', '--startup-time-limit', String(request.startupTimeLimit)],
        {
          detached: true,
          stdio: ['ignore', output, output],
          env: {
            ...environment,
            MINER_ADDRESS: request.minerAddress,
            EXECUTOR_TOKEN: request.token,
            EXECUTOR_ON_HOST: '1',
          },
        },
      );
    } finally {
      if (typeof output === 'number') closeSync(output);
    }
  }
}

function openLog(folder: string, jobUuid: string): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return openSync(path.join(folder, `${jobUuid}.log`), 'a', 0o600);
}

const keyOf = (handle: ExecutorHandle): string => `${handle['pid']} ${handle['startTime']} ${handle['boot']}`;

/** Whether the executor itself runs: a process of the same pid that was started at another time is not it. */
function isRunning(handle: ExecutorHandle): boolean {
  if (handle['boot'] !== bootId()) return false;
  return processFacts(Number(handle['pid']))?.startTime === handle['startTime'];
}

/**
 * Whether processes of the handle's group can be the executor's: it runs, or its pid is free, which leaves the group
 * to what it started. A pid that was given to another process is never reused while the group has members.
 */
function mayHoldGroup(handle: ExecutorHandle): boolean {
  if (handle['boot'] !== bootId()) return false;
  const facts = processFacts(Number(handle['pid']));
  return facts === null || facts.startTime === handle['startTime'];
}

function untilAborted<T>(work: Promise<T>, abort: AbortSignal): Promise<T> {
  abort.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = () => reject(abort.reason as Error);
    abort.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => abort.removeEventListener('abort', stop));
  });
}
