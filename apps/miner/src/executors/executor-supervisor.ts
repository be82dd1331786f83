import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { ExecutorHandle } from '@horde/executor-manager';
import { reasonOf } from '@horde/network';
import { LOGGER, type Logger } from '@horde/operations';
import {
  errors,
  HordeFailed,
  make,
  toJsonValue,
  type HordeError,
  type HordeFailureReason,
} from '@horde/protocol';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import type { Job } from '../jobs/job.entity.ts';
import { Jobs } from '../jobs/jobs.ts';
import { connectLimit } from '../jobs/limits.ts';
import { DatabaseRetry } from '../database/database-retry.ts';
import { ExecutorSessions } from './executor-sessions.ts';
import { RunningExecutors } from './running-executors.ts';

/** How long executors of an earlier miner process may take to connect again. @unit seconds */
const timeToReturn = 30;
/** How long is waited for the exit code of an executor that has closed its connection, and the other way around. @unit ms */
const exitCodePatience = 500;
/** How long the connection of an executor that has exited may still bring what it had sent. @unit ms */
const lastWords = 5_000;

/** The job that an executor is started or stopped for. */
type Started = Pick<Job, 'uuid' | 'validator_hotkey' | 'executor_class' | 'executor_token'>;

/** Starts the executors of accepted jobs, watches them until they have exited, and stops them. */
@Injectable()
export class ExecutorSupervisor implements OnApplicationBootstrap {
  /** Whose executor is being stopped, and whether it was asked for again meanwhile. */
  private readonly stopping = new Map<string, boolean>();
  /** Jobs that ended while their executor was being started. */
  private readonly unwanted = new Set<string>();
  /** Jobs whose executor is just being looked for, and started if there is none. */
  private readonly busy = new Set<string>();
  private readonly exits = new Map<string, Promise<number | null>>();

  constructor(
    private readonly jobs: Jobs,
    private readonly sessions: ExecutorSessions,
    private readonly executors: RunningExecutors,
    private readonly retry: DatabaseRetry,
    private readonly config: MinerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Takes over what an earlier miner process has left: waits for its executors, and starts what it did not. */
  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.expectExecutors(timeToReturn);
    const jobs = await this.jobs.holdingSlots();
    // Where all executors have a handle nobody needs to look for them.
    const found = jobs.some((job) => !job.executor_handle) ? await this.executors.found() : null;
    for (const job of jobs) this.exclusively(job.uuid, () => this.resume(job, found));
  }

  /**
   * Whether an executor may be claimed before it is started: when the miner is killed in between, the next one can tell
   * that it does not run.
   */
  get claimsAhead(): boolean {
    return this.executors.canBeFound;
  }

  /** Starts the job's executor, once, in the background. @param claimed whether it is noted already that this is done */
  start(job: Started, claimed = false): void {
    this.exclusively(job.uuid, () => (claimed ? this.startClaimed(job) : this.startNow(job)));
  }

  /** Whether this process waits for the end of the job's executor. */
  watches(uuid: string): boolean {
    return this.exits.has(uuid);
  }

  /** Starts the executor of a job that has its slot, if nobody has done so and nobody is doing it. */
  startUnlessRunning(uuid: string): void {
    this.exclusively(uuid, async () => {
      const found = await this.executors.found();
      const job = await this.retry.run(() => this.jobs.find(uuid));
      if (!job?.slot_held || this.watches(uuid) || this.executors.isStarting(job.executor_token)) return;
      await this.resume(job, found);
    });
  }

  /** The executor of this token, which was a warm one, is the job's from now on. */
  follow(uuid: string, token: string): void {
    const exit = this.executors.exitOf(token); // it may end before its job has been read
    this.exclusively(uuid, async () => {
      await this.executors.whenStarted(token);
      const job = await this.retry.run(() => this.jobs.find(uuid));
      if (!job?.slot_held) return;
      if (exit) this.watchExit(uuid, exit);
      else if (job.executor_handle) await this.adopt(job, job.executor_handle);
      else await this.startAnother(job);
    });
  }

  /** Stops the job's executor in the background; its slot is free when it has exited. */
  stop(uuid: string): void {
    const isUnderWay = this.stopping.has(uuid);
    this.stopping.set(uuid, isUnderWay);
    if (isUnderWay) return;
    this.executors.background({ job: uuid }, async () => {
      try {
        // It may have started since it was looked at.
        while (!(await this.stopNow(uuid)) && this.stopping.get(uuid)) this.stopping.set(uuid, false);
      } finally {
        this.stopping.delete(uuid);
      }
    });
  }

  /** @returns false where no executor was found */
  private async stopNow(uuid: string): Promise<boolean> {
    const job = await this.retry.run(() => this.jobs.executorOf(uuid));
    if (!job?.slot_held) return true;
    if (this.executors.isStarting(job.executor_token)) {
      this.unwanted.add(uuid);
      return true;
    }
    if (job.executor_handle) await this.executors.stop(job.executor_handle);
    if (!this.exits.has(uuid)) await this.release(uuid, null);
    return job.executor_handle !== null;
  }

  /**
   * The job's executor is gone, or has not come in time. Ends the job, if it has not ended, and stops what is left.
   * @param how a part of a sentence: "the connection was closed with code 1006"
   */
  async lost(uuid: string, how: string): Promise<void> {
    const job = await this.retry.run(() => this.jobs.find(uuid));
    if (!job || job.ended_at) return;
    const error = job.connected_at ? errors.EXECUTOR_GONE(how) : errors.EXECUTOR_NOT_STARTED(`${how}.`);
    await this.fail(job, error.wire!.reason as HordeFailureReason, error);
    this.stop(uuid);
  }

  /** The executor's exit code when it exits within a moment; undefined when it does not. */
  async exitCode(uuid: string): Promise<number | null | undefined> {
    const waiting = new AbortController();
    const moment = sleep(exitCodePatience, undefined, { signal: waiting.signal }).catch(() => undefined);
    const exit = this.exits.get(uuid) ?? moment;
    const code = await Promise.race([exit, moment]);
    waiting.abort();
    return code;
  }

  /** Finds out what has become of a job's executor: two at once would both start another. */
  private exclusively(uuid: string, work: () => Promise<void>): void {
    if (this.busy.has(uuid)) return;
    this.busy.add(uuid);
    this.executors.background({ job: uuid }, () => work().finally(() => this.busy.delete(uuid)));
  }

  private async startNow(job: Started): Promise<void> {
    const limit = connectLimit(job.executor_class, this.config.get('DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT'));
    let again = false;
    const claimed = await this.retry.run(() => {
      const claim = this.jobs.claimStart(job.uuid, limit, again);
      again = true;
      return claim;
    });
    if (claimed) await this.startClaimed(job);
  }

  private async startClaimed(job: Started): Promise<void> {
    const { uuid, executor_class: executorClass, executor_token: token } = job;
    let runs = false;
    let started: { handle: ExecutorHandle; wanted: boolean };
    try {
      started = await this.executors.start({ token, jobUuid: uuid, executorClass }, async (handle) => {
        runs = true;
        const stored = await this.retry.run(() => this.jobs.setHandle(token, handle));
        return { handle, wanted: stored?.ended_at === null };
      });
    } catch (error) {
      this.unwanted.delete(uuid);
      if (this.executors.signal.aborted) return runs ? undefined : this.jobs.unclaimStart(uuid);
      this.logger.error({ error }, 'the executor could not be started');
      const sentence = errors.EXECUTOR_NOT_STARTED(
        (error instanceof Error && error.message) || reasonOf(error),
      );
      await this.fail(job, 'executor_spinup_failed', sentence);
      return this.release(uuid, null);
    }
    this.watch(uuid, token, started.handle);
    if (!started.wanted) this.stop(uuid);
  }

  /** Goes on with the executor of a job that an earlier process left with its slot. */
  private async resume(job: Job, found: Map<string, ExecutorHandle> | null): Promise<void> {
    const { uuid, executor_token: token } = job;
    if (job.executor_handle) return this.adopt(job, job.executor_handle);
    const handle = found?.get(token);
    if (handle) {
      await this.jobs.setHandle(token, handle);
      await this.adopt(job, handle);
      if (job.ended_at) this.stop(uuid);
    } else if (job.ended_at) {
      await this.release(uuid, null);
    } else if (job.start_requested_at === null) {
      await this.startNow(job);
    } else if (found && job.connected_at === null) {
      // The miner was killed while it started the executor, and that does not run.
      await this.startAnother(job);
    } // Else it may run, and be on its way here.
  }

  /** The executor that was being started for the job does not run: it gets one with another token. */
  private async startAnother(job: Job): Promise<void> {
    const { uuid, ended_at } = job;
    this.unwanted.delete(uuid);
    if (ended_at) return this.release(uuid, null);
    const another = { ...job, executor_token: `${uuid}-${randomUUID()}` };
    await this.jobs.restart(uuid, another.executor_token);
    await this.startNow(another);
  }

  private async adopt(job: Job, handle: ExecutorHandle): Promise<void> {
    const { uuid, executor_token: token } = job;
    if (this.executors.isWatched(token) || (await this.executors.isRunning(handle)))
      return this.watch(uuid, token, handle);
    this.unwanted.delete(uuid);
    await this.release(uuid, null);
    await this.lost(uuid, 'it ended while the miner was away');
  }

  private watch(uuid: string, token: string, handle: ExecutorHandle): void {
    this.watchExit(uuid, this.executors.watch(token, handle));
  }

  private watchExit(uuid: string, exit: Promise<number | null>): void {
    this.exits.set(uuid, exit);
    this.executors.background({ job: uuid }, () => this.waitForExit(uuid, exit));
    if (this.unwanted.delete(uuid)) this.stop(uuid);
  }

  private async waitForExit(uuid: string, exit: Promise<number | null>): Promise<void> {
    const { signal } = this.executors;
    try {
      const code = await exit;
      await this.release(uuid, code);
      this.logger.info({ code }, 'executor exited');
      // What it has sent may not have been read yet, its whole connection included.
      await sleep(exitCodePatience, undefined, { signal });
      if (this.sessions.has(uuid)) await sleep(lastWords, undefined, { signal });
      await this.lost(uuid, `it exited with code ${code ?? 'unknown'}`);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.exits.delete(uuid);
    }
  }

  private async release(uuid: string, exitCode: number | null): Promise<void> {
    await this.retry.run(() => this.jobs.releaseSlot(uuid, exitCode));
  }

  private async fail(job: Started, reason: HordeFailureReason, error: HordeError): Promise<void> {
    this.logger.warn(error.message);
    const failure = make(HordeFailed, {
      job_uuid: job.uuid,
      reported_by: 'miner',
      reason,
      message: error.message,
      context: toJsonValue({ code: error.code }),
    });
    await this.retry.run(() => this.jobs.advance(job, 'horde_failed', failure));
  }
}
