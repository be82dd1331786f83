import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { type ExecutorHandle, type ExecutorManager, executorName } from '@horde/executor-manager';
import { LOGGER, repeat, sparingly, troubleLog, type Logger } from '@horde/operations';
import type { ExecutorClass } from '@horde/protocol';
import type { Connection } from '@horde/transport';
import { Draining } from '../jobs/draining.ts';
import { FreedSlots } from '../jobs/freed-slots.ts';
import { Jobs } from '../jobs/jobs.ts';
import { Slots } from '../jobs/slots.ts';
import { DatabaseRetry } from '../database/database-retry.ts';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { MinerSettings } from '../settings.ts';
import { Backoff } from './backoff.ts';
import { ExecutorSupervisor } from './executor-supervisor.ts';
import { RunningExecutors } from './running-executors.ts';
import { WarmSessions } from '../jobs/warm-sessions.ts';
import { WarmTable, type WarmRow } from './warm-table.ts';
import { readWarmExecutors, type WarmWanted } from './warm-wanted.ts';

/** How often is looked whether there are as many as there should be. @unit ms */
const interval = 5_000;
/** While there were as many at the last look, all but one in so many of these looks are left out. */
const settledTurns = 3;
/** How long one may take to connect, its look at its machine included, and how long it may stay away. @unit seconds */
const timeToConnect = 300;
/** How long the end of one that was stopped may take to be seen; then it is stopped again. @unit ms */
const exitLimit = 30_000;
/** One that ends sooner, without a job, has failed. @unit seconds */
const shortLife = 60;

const prefix = 'warm-';

/**
 * Keeps so many executors of each class started and connected before there is a job for them. Each serves one job, and
 * is replaced when a job has taken it and a slot is free; one that fails, after a pause that doubles each time.
 */
@Injectable()
export class WarmExecutors implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stop: (() => void) | undefined;
  private readonly wanted: WarmWanted;
  private readonly backoff = new Backoff<ExecutorClass>({ first: 1_000, max: 300_000 });
  /** Those that this process is stopping. */
  private readonly leaving = new Set<string>();
  private keeping: Promise<void> | null = null;
  private again = false;
  private isSettled = false;

  constructor(
    private readonly table: WarmTable,
    private readonly slots: Slots,
    private readonly jobs: Jobs,
    private readonly freed: FreedSlots,
    private readonly draining: Draining,
    private readonly sessions: WarmSessions,
    private readonly executors: RunningExecutors,
    private readonly supervisor: ExecutorSupervisor,
    private readonly retry: DatabaseRetry,
    private readonly settings: MinerSettings,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.wanted = readWarmExecutors(settings.warmExecutors);
  }

  async onApplicationBootstrap(): Promise<void> {
    const rows = await this.table.all();
    const found = rows.some((row) => !row.executor_handle) ? await this.executors.found() : null;
    for (const row of rows) this.background(row.token, () => this.takeOver(row, found));
    this.freed.onRing(() => this.keepSoon());
    this.draining.onRing(() => this.keepSoon());
    const trouble = troubleLog((error) =>
      this.logger.error({ error }, 'the warm executors could not be looked after'),
    );
    const look = sparingly(
      settledTurns,
      () => this.isSettled,
      () => this.keep(),
    );
    this.stop = repeat(look, interval, trouble.is);
    this.keepSoon();
  }

  beforeApplicationShutdown(): void {
    this.stop?.();
  }

  /** Whether a token is one of a warm executor, be it a job's by now. */
  isWarm(token: string): boolean {
    return token.startsWith(prefix);
  }

  /**
   * Lets a warm executor wait for a job. Resolves when a job has taken it, whose token this is from then on; at once
   * when it is no waiting one's; and when its connection is gone. While it waits its connection is trusted.
   * @param address where it connects from
   */
  async untilTaken(
    token: string,
    address: string,
    connection: Pick<Connection, 'closed' | 'trust'>,
  ): Promise<void> {
    if (!this.isWarm(token)) return;
    const { promise: taken, resolve } = Promise.withResolvers<void>();
    // First here and then in the table: a job that takes it in between finds it here.
    this.sessions.join(token, resolve);
    void connection.closed.then(() => {
      this.sessions.leave(token, resolve);
      resolve();
    });
    try {
      if (!(await this.table.connected(token, address))) return;
      connection.trust();
      await taken;
    } finally {
      this.sessions.leave(token, resolve);
    }
  }

  /** The warm executor of this token is the job's: it begins, or does so once it has come. */
  handOver(uuid: string, token: string): void {
    this.sessions.take(token);
    this.supervisor.follow(uuid, token);
    this.keepSoon();
  }

  /** Sees to it that there are as many as there should be, as far as there are slots. */
  async keep(): Promise<void> {
    this.again = true;
    this.keeping ??= this.keepAll().finally(() => (this.keeping = null));
    await this.keeping;
  }

  private keepSoon(): void {
    this.background('', () => this.keep());
  }

  private async keepAll(): Promise<void> {
    while (this.again && !this.executors.signal.aborted) {
      this.again = false;
      let isSettled = true;
      const rows = await this.table.all();
      const manifest = await this.manager.manifest();
      const classes = new Set([...Object.keys(manifest), ...rows.map((row) => row.executor_class)]);
      const leaving = await this.leavingOf(rows);
      for (const executorClass of classes as Set<ExecutorClass>) {
        const own = rows.filter((row) => row.executor_class === executorClass);
        if (!(await this.keepClass(executorClass, own, leaving, manifest[executorClass] ?? 0)))
          isSettled = false;
      }
      this.isSettled = isSettled;
    }
  }

  /** Those on hosts that are being taken away. */
  private async leavingOf(rows: WarmRow[]): Promise<Set<WarmRow>> {
    const leaving = new Set<WarmRow>();
    for (const row of rows)
      if (row.executor_handle && (await this.manager.isLeaving?.(row.executor_handle))) leaving.add(row);
    return leaving;
  }

  /** @returns whether there was nothing to be done */
  private async keepClass(
    executorClass: ExecutorClass,
    rows: WarmRow[],
    leaving: Set<WarmRow>,
    capacity: number,
  ): Promise<boolean> {
    const wanted = this.draining.isOn ? 0 : Math.min(this.wanted(executorClass), capacity);
    const staying = rows.filter((row) => !row.retiring && !leaving.has(row) && !this.isOver(row));
    const kept = new Set(staying.slice(0, wanted));
    for (const row of rows) {
      // One that was to be stopped before runs still: that has failed, or the miner was killed meanwhile.
      if (!kept.has(row)) this.background(row.token, () => this.retire(row));
    }
    for (let missing = wanted - staying.length; missing > 0; missing--) {
      if (!this.backoff.isOver(executorClass)) return false;
      const token = prefix + randomUUID();
      if (!(await this.takeSlot(token, executorClass, capacity))) return false;
      this.background(token, () => this.start(token, executorClass));
    }
    return rows.length === wanted && kept.size === wanted;
  }

  private async takeSlot(token: string, executorClass: ExecutorClass, capacity: number): Promise<boolean> {
    try {
      return await this.slots.takeWarm(token, executorClass, capacity);
    } catch (error) {
      // It may have been taken although the database's answer was lost.
      await this.retry.run(() => this.table.remove(token));
      throw error;
    }
  }

  /** Too old, or not come in time. */
  private isOver(row: WarmRow): boolean {
    if (row.age > this.settings.maxExecutorAge) return true;
    const isHere = this.sessions.has(row.token) || this.executors.isStarting(row.token);
    return !isHere && row.age > timeToConnect && (row.connected_at === null || row.executor_handle === null);
  }

  private async start(token: string, executorClass: ExecutorClass): Promise<void> {
    const jobUuid = token.slice(prefix.length);
    try {
      const handle = await this.executors.start({ token, jobUuid, executorClass }, async (started) => {
        await this.storeHandle(token, started);
        return started;
      });
      this.watch(token, executorClass, handle);
    } catch (error) {
      await this.retry.run(() => this.table.remove(token));
      if (this.executors.signal.aborted) return;
      this.logger.error({ error, executorClass }, 'a warm executor could not be started');
      this.backoff.failed(executorClass);
    }
  }

  private async takeOver(row: WarmRow, found: Map<string, ExecutorHandle> | null): Promise<void> {
    const { token, executor_class: executorClass } = row;
    const handle = row.executor_handle ?? found?.get(token);
    if (!handle) {
      if (found) await this.table.remove(token);
      return; // else it may be on its way here
    }
    if (!(await this.executors.isRunning(handle))) return void (await this.table.remove(token));
    if (!row.executor_handle) await this.storeHandle(token, handle);
    this.watch(token, executorClass, handle);
  }

  /** A job that has taken it while it was being started is told where it is. */
  private async storeHandle(token: string, handle: ExecutorHandle): Promise<void> {
    await this.retry.run(async () => {
      if (!(await this.table.setHandle(token, handle))) await this.jobs.setHandle(token, handle);
    });
  }

  private watch(token: string, executorClass: ExecutorClass, handle: ExecutorHandle): void {
    const exit = this.executors.watch(token, handle);
    const since = performance.now();
    this.background(token, async () => {
      const code = await exit;
      const idle = await this.retry.run(() => this.table.remove(token));
      if (!idle) return this.backoff.succeeded(executorClass); // it was its job's
      this.logger.info({ code, executorClass }, 'a warm executor exited without a job');
      if (performance.now() - since < shortLife * 1_000) this.backoff.failed(executorClass);
      this.keepSoon();
    });
  }

  private async retire({ token, executor_class: executorClass, retiring }: WarmRow): Promise<void> {
    if (this.leaving.has(token) || this.executors.isStarting(token)) return;
    this.leaving.add(token);
    try {
      const row = await this.table.retire(token);
      if (!row) return;
      if (!retiring)
        this.logger.info({ executorClass }, 'a warm executor is stopped: it is not needed any more');
      if (row.executor_handle) await this.executors.stop(row.executor_handle);
      if (!(await this.hasEnded(token))) return;
      await this.table.remove(token);
      this.keepSoon();
    } finally {
      this.leaving.delete(token);
    }
  }

  /** Whether its end, where this process waits for that, is seen in time. */
  private async hasEnded(token: string): Promise<boolean> {
    const exit = this.executors.exitOf(token);
    if (!exit) return true;
    const late = new AbortController();
    const limit = sleep(exitLimit, false, { signal: late.signal, ref: false }).catch(() => false);
    const seen = exit.then(
      () => true,
      () => false,
    );
    return Promise.race([seen, limit]).finally(() => late.abort());
  }

  private background(token: string, work: () => Promise<void>): void {
    this.executors.background({ executor: executorName(token) }, work);
  }
}
