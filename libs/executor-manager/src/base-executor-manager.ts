import type { ExecutorClass } from '@horde/protocol';
import type {
  ExecutorHandle,
  ExecutorManager,
  ExitStatus,
  Manifest,
  PreparedImage,
  RunningExecutor,
  StartExecutor,
} from './executor-manager.ts';
import { orAborted } from '@horde/async';

/** Every slot of the class is taken. */
export class NoFreeSlot extends Error {
  override readonly name = 'NoFreeSlot';

  constructor(executorClass: ExecutorClass) {
    super(`No executor of class ${executorClass} is free.`);
  }
}

/** The machine that was to run an executor is out of reach; another one may be tried. */
export class HostUnreachable extends Error {
  override readonly name = 'HostUnreachable';
  /** What runs at the other places, when that was asked for. */
  readonly elsewhere: readonly RunningExecutor[];

  constructor(message: string, options: ErrorOptions & { elsewhere?: readonly RunningExecutor[] } = {}) {
    super(message, options);
    this.elsewhere = options.elsewhere ?? [];
  }
}

/** Something that runs so many executors at once: a machine, or a class of executors on it. */
export interface Place {
  name: string;
  size: number;
}

interface Executor {
  handle: ExecutorHandle;
  exit: Promise<ExitStatus>;
  /** Whether it counts against its place. */
  holds: boolean;
}

/**
 * Reserves, watches and recovers, which is the same for every manager. One made from it says how many executors there
 * may be (`manifest`), and how one is started (`launch`), looked at (`isRunning`), awaited (`ended`) and stopped (`end`).
 */
export abstract class BaseExecutorManager implements ExecutorManager {
  /** Aborted by `close`. */
  protected readonly closing = new AbortController();
  private readonly executors = new Map<string, Executor>();
  private readonly starting = new Map<string, number>();

  abstract manifest(): Promise<Manifest>;

  /**
   * Starts an executor at a place, or throws and leaves nothing behind.
   *
   * @throws HostUnreachable when another place may be tried
   */
  protected abstract launch(
    request: StartExecutor,
    place: string,
    signal: AbortSignal,
  ): Promise<ExecutorHandle>;
  /** Whether it runs, as far as can be told. */
  protected abstract isRunning(handle: ExecutorHandle): Promise<boolean>;
  /** Resolves when the executor has ended and what it had started is gone too. */
  protected abstract ended(handle: ExecutorHandle, signal: AbortSignal): Promise<ExitStatus>;
  /** Stops it, and what it has started, and returns when they are gone. One that has ended is fine. @param grace in ms */
  protected abstract end(handle: ExecutorHandle, grace: number): Promise<void>;

  /** What names the executor for good, out of its handle. Unless overridden: all of the handle. */
  protected identity(handle: ExecutorHandle): string {
    // The same for a handle that comes back from a database, in whatever order.
    return JSON.stringify(Object.entries(handle).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Where executors of a class can be started, best first. Unless overridden: one place, as big as the manifest says. */
  protected async places(executorClass: ExecutorClass): Promise<Place[]> {
    return [{ name: executorClass, size: (await this.manifest())[executorClass] ?? 0 }];
  }

  /** The arguments that an executor is started with. Unless overridden: ComputeHorde's. */
  protected commandLine(request: StartExecutor): string[] {
    return ['run_executor', '--startup-time-limit', String(request.startupTimeLimit)];
  }

  /** The executors that hold a slot, but for those that are being started. */
  protected holding(): ExecutorHandle[] {
    return [...this.executors.values()].filter(({ holds }) => holds).map(({ handle }) => handle);
  }

  /** How many executors hold a slot of a place, those that are being started included. */
  protected held(place: string): number {
    const running = this.holding().filter((handle) => handle['place'] === place);
    return running.length + (this.starting.get(place) ?? 0);
  }

  async start(request: StartExecutor, signal: AbortSignal): Promise<ExecutorHandle> {
    const { abort, clear } = this.limits(request, signal);
    let away: HostUnreachable | null = null;
    try {
      abort.throwIfAborted();
      for (const { name, size } of await this.places(request.executorClass)) {
        if (this.held(name) >= size) continue;
        this.starting.set(name, (this.starting.get(name) ?? 0) + 1);
        try {
          const handle = { ...(await this.launch(request, name, abort)), place: name };
          this.watch(handle);
          return handle;
        } catch (error) {
          if (!(error instanceof HostUnreachable)) throw error;
          away = error;
        } finally {
          this.starting.set(name, this.starting.get(name)! - 1);
        }
      }
      throw away ?? new NoFreeSlot(request.executorClass);
    } finally {
      clear();
    }
  }

  async recover(handle: ExecutorHandle): Promise<'running' | 'gone'> {
    if (!(await this.isRunning(handle))) return 'gone';
    this.watch(handle);
    return 'running';
  }

  async wait(handle: ExecutorHandle, signal: AbortSignal): Promise<ExitStatus> {
    signal.throwIfAborted();
    const known = this.executors.get(this.identity(handle));
    if (!known && !(await orAborted(this.isRunning(handle), signal))) return { code: null };
    const executor = known ?? this.watch(handle);
    const status = await orAborted(executor.exit, signal);
    this.executors.delete(this.identity(handle));
    return status;
  }

  async stop(handle: ExecutorHandle, grace: number): Promise<void> {
    await this.end(handle, grace);
    const executor = this.executors.get(this.identity(handle));
    if (executor) await Promise.allSettled([executor.exit]);
  }

  async publicAddress(_handle: ExecutorHandle): Promise<string | null> {
    return null;
  }

  async mainHotkey(): Promise<string | null> {
    return null;
  }

  async prepareImages(_images: string[], _signal: AbortSignal): Promise<PreparedImage[]> {
    return [];
  }

  async close(): Promise<void> {
    this.closing.abort(new Error('The executor manager is closed.'));
  }

  /** Counts an executor against its place, and sees its end. */
  protected watch(handle: ExecutorHandle): Executor {
    const key = this.identity(handle);
    const known = this.executors.get(key);
    if (known) return known;
    const exit = this.ended(handle, this.closing.signal).then((status) => {
      executor.holds = false;
      return status;
    });
    const executor: Executor = { handle, exit, holds: true };
    exit.catch(() => {}); // of a manager that is closed, when nobody waits
    this.executors.set(key, executor);
    return executor;
  }

  private limits(request: StartExecutor, signal: AbortSignal): { abort: AbortSignal; clear: () => void } {
    const late = new AbortController();
    const { timeLimit } = request;
    const sentence = `The executor was not started within ${(timeLimit ?? 0) / 1000} s.`;
    const timer =
      timeLimit === undefined ? undefined : setTimeout(() => late.abort(new Error(sentence)), timeLimit);
    return {
      abort: AbortSignal.any([signal, this.closing.signal, late.signal]),
      clear: () => clearTimeout(timer),
    };
  }
}
