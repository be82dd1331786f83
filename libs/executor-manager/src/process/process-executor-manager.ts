import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BaseExecutorManager } from '../base-executor-manager.ts';
import type {
  ExecutorHandle,
  ExitStatus,
  Manifest,
  RunningExecutor,
  StartExecutor,
} from '../executor-manager.ts';
import { canListen, StreamingPorts, type StreamingPort } from '../streaming-ports.ts';
import { orAborted } from '@horde/async';
import { bootId, groupLeaders, membersOf, processFacts, signal, type ProcessFacts } from './proc.ts';

export interface ProcessExecutorManagerOptions {
  /** How many executors of each class this machine runs at once. */
  executors: Manifest;
  /** The program and its first arguments; `run_executor --startup-time-limit N` follows. */
  command: string[];
  /** What executors see of the environment, besides what each is given. */
  environment: Record<string, string | undefined>;
  /** The ports of this machine for streaming jobs; an executor gets its own as NGINX_PORT. @default none */
  streamingPorts?: StreamingPort[];
  /** Names the miner, so that `running` finds its executors again after a restart. @default nobody can tell */
  owner?: string;
  /** A folder for the executors' output, one file for each job. Without it their output is dropped. */
  logFolder?: string;
}

/** How often a process that another miner process started is looked at. @unit ms */
const pollInterval = 200;

/**
 * Runs executors as processes on the miner's own machine, as ComputeHorde's development manager does. Each has a
 * session of its own, so it outlives the miner; nothing isolates it from the machine.
 */
export class ProcessExecutorManager extends BaseExecutorManager {
  /** How the processes that this one started have ended or will end. */
  private readonly exits = new Map<string, Promise<ExitStatus>>();
  private readonly ports: StreamingPorts | null;
  readonly running?: () => Promise<RunningExecutor[]>;

  constructor(private readonly options: ProcessExecutorManagerOptions) {
    super();
    this.ports = options.streamingPorts ? new StreamingPorts(options.streamingPorts, canListen) : null;
    const { owner } = options;
    if (owner !== undefined) this.running = async () => this.runningOf(owner);
  }

  async manifest(): Promise<Manifest> {
    return { ...this.options.executors };
  }

  override async publicAddress(): Promise<string | null> {
    return '127.0.0.1';
  }

  protected override async launch(
    request: StartExecutor,
    _place: string,
    abort: AbortSignal,
  ): Promise<ExecutorHandle> {
    abort.throwIfAborted();
    const port = (await this.ports?.take()) ?? null;
    try {
      return await this.launchAt(port, request, abort);
    } catch (error) {
      if (port) this.ports!.release(port.port);
      throw error;
    }
  }

  protected override identity(handle: ExecutorHandle): string {
    return `${handle['pid']} ${handle['startTime']} ${handle['boot']}`;
  }

  protected override async isRunning(handle: ExecutorHandle): Promise<boolean> {
    return runs(handle);
  }

  protected override async ended(handle: ExecutorHandle, abort: AbortSignal): Promise<ExitStatus> {
    const exit = this.exits.get(this.identity(handle));
    if (typeof handle['port'] === 'number') this.ports?.occupy(handle['port']);
    if (!exit) {
      while (runs(handle)) await sleep(pollInterval, undefined, { signal: abort, ref: false });
    }
    const status = exit ? await orAborted(exit, abort) : { code: null };
    this.exits.delete(this.identity(handle));
    if (mayHoldGroup(handle)) await killGroup(Number(handle['group']));
    if (typeof handle['port'] === 'number') this.ports?.release(handle['port']);
    return status;
  }

  protected override async end(handle: ExecutorHandle, grace: number): Promise<void> {
    const group = Number(handle['group']);
    if (!mayHoldGroup(handle)) return;
    signal(-group, 'SIGTERM');
    const killAt = performance.now() + grace;
    while (runs(handle) && performance.now() < killAt) await sleep(Math.min(50, grace));
    await killGroup(group);
  }

  private runningOf(owner: string): RunningExecutor[] {
    return groupLeaders().flatMap(({ facts, environment }) => {
      const { EXECUTOR_TOKEN: token, HORDE_MINER: miner, HORDE_PLACE: place } = environment;
      if (miner !== owner || token === undefined) return [];
      const port = Number(environment['NGINX_PORT']);
      const pair = this.options.streamingPorts?.find((known) => known.port === port) ?? null;
      return [{ token, handle: { ...handleOf(facts, pair), place: place ?? null } }];
    });
  }

  private async launchAt(
    port: StreamingPort | null,
    request: StartExecutor,
    abort: AbortSignal,
  ): Promise<ExecutorHandle> {
    const child = this.spawn(request, port);
    // Read before anything is awaited: until then even a process that ends at once is still known to the kernel.
    const facts = child.pid === undefined ? null : processFacts(child.pid);
    const exit = new Promise<ExitStatus>((resolve) => child.once('exit', (code) => resolve({ code })));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    const handle = handleOf(facts ?? { pid: child.pid!, group: child.pid!, startTime: 'ended' }, port);
    if (abort.aborted) {
      await this.end(handle, 0);
      throw abort.reason;
    }
    this.exits.set(this.identity(handle), exit);
    return handle;
  }

  private spawn(request: StartExecutor, port: StreamingPort | null): ChildProcess {
    const { command, environment, logFolder, owner } = this.options;
    const [program, ...first] = command;
    const output = logFolder ? openLog(logFolder, request.jobUuid) : 'ignore';
    try {
      return spawn(program!, [...first, ...this.commandLine(request)], {
        detached: true,
        stdio: ['ignore', output, output],
        env: {
          ...environment,
          MINER_ADDRESS: request.minerAddress,
          EXECUTOR_TOKEN: request.token,
          EXECUTOR_ON_HOST: '1',
          ...(port && { NGINX_PORT: String(port.port) }),
          ...(owner !== undefined && { HORDE_MINER: owner, HORDE_PLACE: request.executorClass }),
        },
      });
    } finally {
      if (typeof output === 'number') closeSync(output);
    }
  }
}

function openLog(folder: string, jobUuid: string): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return openSync(path.join(folder, `${jobUuid}.log`), 'a', 0o600);
}

const handleOf = ({ pid, group, startTime }: ProcessFacts, port: StreamingPort | null): ExecutorHandle => ({
  pid,
  startTime,
  group,
  boot: bootId(),
  ...port,
});

/** Whether the executor itself runs: a process of the same pid that was started at another time is not it. */
function runs(handle: ExecutorHandle): boolean {
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

async function killGroup(group: number): Promise<void> {
  while (membersOf(group).length > 0) {
    signal(-group, 'SIGKILL');
    await sleep(20);
  }
}
