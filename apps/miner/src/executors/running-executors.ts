import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { doublingPause } from '@horde/async';
import type { ExecutorHandle, ExecutorManager } from '@horde/executor-manager';
import { reasonOf } from '@horde/network';
import { LOGGER, LogThrottle, withLogContext, type Logger } from '@horde/operations';
import type { ExecutorClass } from '@horde/protocol';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { connectLimit } from '../jobs/limits.ts';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { MinerAddress } from './miner-address.ts';

/** How long an executor may take to clean up before it is ended. @unit ms */
const stopGrace = 10_000;
/** The pause before the end of an executor is waited for again; it doubles each time. @unit ms */
const waitPauses = { first: 1_000, max: 30_000 };
/** The same trouble with the same executor is logged again after so long. @unit ms */
const repeatAfter = 600_000;

/** An executor to start; of a warm one `jobUuid` is the uuid in its token. */
export interface ExecutorWanted {
  token: string;
  jobUuid: string;
  executorClass: ExecutorClass;
}

/** The executors that this process starts, watches and stops, by their tokens. */
@Injectable()
export class RunningExecutors implements BeforeApplicationShutdown {
  private readonly shutdown = new AbortController();
  private readonly work = new Set<Promise<void>>();
  private readonly starting = new Map<string, Promise<void>>();
  private readonly exits = new Map<string, Promise<number | null>>();
  private readonly troubles = new LogThrottle(repeatAfter);
  /** Why executors could not be listed at the last attempt: it is logged once. */
  private notListed = '';

  constructor(
    private readonly address: MinerAddress,
    private readonly config: MinerConfig,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Aborted when the miner stops. */
  get signal(): AbortSignal {
    return this.shutdown.signal;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.shutdown.abort();
    // Executors that are being stopped may take longer; they go on by themselves, and the next miner looks for them.
    const patience = new AbortController();
    const enough = sleep(1_000, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.work), enough]);
    patience.abort();
  }

  /** Works in the background until the miner stops; failures are logged. */
  background(context: Record<string, string>, work: () => Promise<void>): void {
    const running = withLogContext(context, work)
      .catch((error: unknown) => {
        if (this.signal.aborted) return;
        if (!this.troubles.allows(JSON.stringify([context, reasonOf(error)]))) return;
        this.logger.error({ error, ...context }, 'an executor could not be looked after');
      })
      .finally(() => this.work.delete(running));
    this.work.add(running);
  }

  /** Whether this process is just starting it. */
  isStarting(token: string): boolean {
    return this.starting.has(token);
  }

  /**
   * Starts an executor, within the time in which it must connect.
   * @param stored stores where it is; until then it counts as being started
   * @returns what `stored` does
   */
  async start<T>(wanted: ExecutorWanted, stored: (handle: ExecutorHandle) => Promise<T>): Promise<T> {
    const startupTimeLimit = this.config.get('DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT');
    const { promise, resolve } = Promise.withResolvers<void>();
    this.starting.set(wanted.token, promise);
    try {
      const handle = await this.manager.start(
        {
          ...wanted,
          minerAddress: await this.address.forExecutors(),
          startupTimeLimit,
          timeLimit: connectLimit(wanted.executorClass, startupTimeLimit) * 1_000,
        },
        this.signal,
      );
      this.logger.info({ handle }, 'executor started');
      return await stored(handle);
    } finally {
      this.starting.delete(wanted.token);
      resolve();
    }
  }

  /** Resolves when this process does not start it any more, with or without success. */
  async whenStarted(token: string): Promise<void> {
    await this.starting.get(token);
  }

  /** Whether this process waits for its end. */
  isWatched(token: string): boolean {
    return this.exits.has(token);
  }

  /** The end that this process waits for already. */
  exitOf(token: string): Promise<number | null> | undefined {
    return this.exits.get(token);
  }

  /** Waits for the executor's end, once, whoever asks. @returns its exit code; rejects when the miner stops */
  watch(token: string, handle: ExecutorHandle): Promise<number | null> {
    const known = this.exits.get(token);
    if (known) return known;
    const exit = this.waitFor(handle);
    this.exits.set(token, exit);
    exit.catch(() => {}).finally(() => this.exits.delete(token));
    return exit;
  }

  /** A manager that fails to wait is asked again, as long as it does not say that the executor is gone. */
  private async waitFor(handle: ExecutorHandle): Promise<number | null> {
    for (let failures = 1; ; failures++) {
      try {
        return (await this.manager.wait(handle, this.signal)).code;
      } catch (error) {
        if (this.signal.aborted) throw error;
        this.logger.error(
          { error, handle },
          'the end of an executor could not be waited for; it is tried again',
        );
      }
      await sleep(doublingPause(failures, waitPauses), undefined, { signal: this.signal });
      if (!(await this.mayRun(handle))) return null;
    }
  }

  private async mayRun(handle: ExecutorHandle): Promise<boolean> {
    try {
      return await this.isRunning(handle);
    } catch {
      return true;
    }
  }

  /** Whether an executor of an earlier process runs still. */
  async isRunning(handle: ExecutorHandle): Promise<boolean> {
    return (await this.manager.recover(handle)) === 'running';
  }

  /** Stops it, and returns when it no longer runs. */
  async stop(handle: ExecutorHandle): Promise<void> {
    await this.manager.stop(handle, stopGrace);
  }

  /** Whether `found` may tell. */
  get canBeFound(): boolean {
    return this.manager.running !== undefined;
  }

  /** Where the executors of this miner are, those of its earlier processes included; null when nobody can tell. */
  async found(): Promise<Map<string, ExecutorHandle> | null> {
    if (!this.manager.running) return null;
    try {
      const running = await this.manager.running();
      this.notListed = '';
      return new Map(running.map(({ token, handle }) => [token, handle]));
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== this.notListed)
        this.logger.warn(`the executors that run could not be listed: ${reason}`);
      this.notListed = reason;
      return null;
    }
  }
}
