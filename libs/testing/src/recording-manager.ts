import type {
  ExecutorHandle,
  ExecutorHost,
  ExecutorManager,
  ExitStatus,
  Manifest,
  RunningExecutor,
  StartExecutor,
} from '@horde/executor-manager';

interface Executor {
  request: StartExecutor;
  exit: (status: ExitStatus) => void;
  exited: Promise<ExitStatus>;
  running: boolean;
}

/** An executor manager that starts nothing and remembers what it was asked for; the spec plays the executors. */
export class RecordingManager implements ExecutorManager {
  readonly executors: Executor[] = [];
  readonly stopped: string[] = [];
  /** What `start` throws; null: it succeeds. */
  startError: Error | null = null;
  /** Whether starts take for ever, until they are called off. */
  startsHang = false;
  /** What `publicAddress` answers. */
  address: () => Promise<string | null> = async () => null;
  /** What `mainHotkey` answers. */
  mainHotkeyAnswer: () => Promise<string | null> = async () => null;
  /** Lists what runs, of managers that can. */
  running?: () => Promise<RunningExecutor[]>;
  /** Lists its hosts, of managers that can. */
  hosts?: () => Promise<ExecutorHost[]>;
  private listeners: (() => void)[] = [];

  constructor(public offered: Manifest = { 'always_on.test': 2 }) {}

  async manifest(): Promise<Manifest> {
    return this.offered;
  }

  async start(request: StartExecutor, signal: AbortSignal): Promise<ExecutorHandle> {
    if (this.startError) throw this.startError;
    if (this.startsHang) {
      await new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    }
    let exit!: (status: ExitStatus) => void;
    const exited = new Promise<ExitStatus>((resolve) => (exit = resolve));
    this.executors.push({ request, exit, exited, running: true });
    for (const listener of this.listeners.splice(0)) listener();
    return { token: request.token };
  }

  /** Makes it a manager that can list what it has started. */
  listing(): this {
    this.running = async () =>
      this.executors
        .filter(({ running }) => running)
        .map(({ request: { token } }) => ({ token, handle: { token } }));
    return this;
  }

  async recover(handle: ExecutorHandle): Promise<'running' | 'gone'> {
    return this.of(handle).running ? 'running' : 'gone';
  }

  async wait(handle: ExecutorHandle, signal: AbortSignal): Promise<ExitStatus> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      void this.of(handle).exited.then(resolve);
    });
  }

  async stop(handle: ExecutorHandle): Promise<void> {
    this.stopped.push(String(handle['token']));
    this.exit(String(handle['token']), 143);
  }

  async publicAddress(): Promise<string | null> {
    return this.address();
  }

  async mainHotkey(): Promise<string | null> {
    return this.mainHotkeyAnswer();
  }

  /** The executor of this token has exited. */
  exit(token: string, code: number): void {
    const executor = this.of({ token });
    executor.running = false;
    executor.exit({ code });
  }

  /** The token of the job's executor, once it has been started. */
  async token(job: string): Promise<string> {
    for (;;) {
      const executor = this.executors.find(({ request }) => request.jobUuid === job);
      if (executor) return executor.request.token;
      await new Promise<void>((resolve) => this.listeners.push(resolve));
    }
  }

  /** The token of the `n`-th warm executor that was started, once it has been. */
  async warmToken(n: number): Promise<string> {
    for (;;) {
      const warm = this.executors.filter(({ request }) => request.token.startsWith('warm-'));
      if (warm[n]) return warm[n].request.token;
      await new Promise<void>((resolve) => this.listeners.push(resolve));
    }
  }

  private of(handle: ExecutorHandle): Executor {
    return this.executors.find(({ request }) => request.token === handle['token'])!;
  }
}
