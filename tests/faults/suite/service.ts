import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const serviceNames = ['facilitator', 'validator', 'miner', 'devnet'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** How long a service may take until it is ready. @unit ms */
const readyWithin = 120_000;
/** After how long one that has ended by itself is started again, as an operator's supervisor does. @unit ms */
const restartPause = 1_000;

/** Debian's libfaketime. */
const fakeTime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
/** Whether a service can have a clock of its own. */
export const hasFakeTime = (): boolean => existsSync(fakeTime);

const clockAhead = (seconds: number): Record<string, string> => ({
  LD_PRELOAD: fakeTime,
  FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
});

/** A service's own process, started again whenever it ends. */
export class Service {
  private child: ChildProcess | null = null;
  /** Whether it is to run. */
  private wanted = false;
  /** How often it has ended by itself. */
  ends = 0;

  constructor(
    readonly name: ServiceName,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly folder: string,
    readonly port: number,
  ) {}

  /** Of its process; null: it has none. */
  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  get log(): string {
    return path.join(this.folder, 'logs', `${this.name}-${this.port}.log`);
  }

  /** Another process of it, for another port. */
  twin(port: number): Service {
    return new Service(this.name, { ...this.environment, PORT: String(port) }, this.folder, port);
  }

  /** @param clock by how much its clock is ahead, behind where negative. @unit seconds */
  start(clock = 0): void {
    this.wanted = true;
    const child = this.spawn([], clock);
    this.child = child;
    child.once('exit', () => {
      if (this.child !== child || !this.wanted) return;
      this.ends++;
      setTimeout(() => this.wanted && this.child === child && this.start(clock), restartPause);
    });
  }

  /** Resolves when it is ready. @throws Error when it is not in time */
  async ready(): Promise<void> {
    const until = performance.now() + readyWithin;
    const isReady = () =>
      fetch(`http://127.0.0.1:${this.port}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
        ({ ok }) => ok,
        () => false,
      );
    while (!(await isReady())) {
      if (performance.now() > until)
        throw new Error(`The ${this.name} is not ready within ${readyWithin / 1_000} s: ${this.log}`);
      await sleep(50);
    }
  }

  /** Runs one of its commands to its end. */
  async command(...words: string[]): Promise<void> {
    const [code] = (await once(this.spawn(words), 'exit')) as [number | null];
    if (code !== 0) throw new Error(`The ${this.name}'s command ${words[0]} failed: ${this.log}`);
  }

  /** Ends it without a chance to do anything. Resolves when it is gone. */
  async kill(): Promise<void> {
    const { child } = this;
    this.wanted = false;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  private spawn(words: string[], clock = 0): ChildProcess {
    const log = openSync(this.log, 'a');
    try {
      return spawn(process.execPath, [path.resolve('apps', this.name, 'dist/main.mjs'), ...words], {
        env: { ...this.environment, ...(clock !== 0 && clockAhead(clock)) },
        cwd: this.folder,
        stdio: ['ignore', log, log],
      });
    } finally {
      closeSync(log);
    }
  }
}
