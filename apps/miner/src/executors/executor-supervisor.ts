import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { ExecutorHandle, ExecutorManager } from '@horde/executor-manager';
import { withLogContext, type Logger } from '@horde/operations';
import {
  errors,
  HordeFailed,
  make,
  toJsonValue,
  type HordeError,
  type HordeFailureReason,
} from '@horde/protocol';
import type { Job } from '../jobs/job.entity.ts';
import { Jobs } from '../jobs/jobs.ts';
import { connectLimit } from '../jobs/limits.ts';
import { EXECUTOR_MANAGER, LOGGER } from '../ports.ts';
import { MinerSettings } from '../settings.ts';
import { ExecutorSessions } from './executor-sessions.ts';
import { MinerAddress } from './miner-address.ts';

/** How long an executor may take to clean up before it is ended. @unit ms */
const stopGrace = 10_000;
/** How long executors of an earlier miner process may take to connect again. @unit seconds */
const timeToReturn = 30;
/** How long is waited for the exit code of an executor that has closed its connection. @unit ms */
const exitCodePatience = 500;

/** Starts the executors of accepted jobs, watches them until they have exited, and stops them. */
@Injectable()
export class ExecutorSupervisor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly shutdown = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private readonly starting = new Set<string>();
  private readonly stopping = new Set<string>();
  private readonly exits = new Map<string, Promise<number | null>>();

  constructor(
    private readonly jobs: Jobs,
    private readonly sessions: ExecutorSessions,
    private readonly address: MinerAddress,
    private readonly settings: MinerSettings,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Takes over what an earlier miner process has left: waits for its executors, and starts what it did not. */
  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.expectExecutors(timeToReturn);
    for (const job of await this.jobs.holdingSlots()) {
      this.background(job.uuid, async () => {
        if (job.executor_handle) await this.adopt(job, job.executor_handle);
        else if (job.ended_at) await this.jobs.releaseSlot(job.uuid, null);
        else this.start(job.uuid);
      });
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.shutdown.abort();
    // Executors that are being stopped may take longer; they go on by themselves, and the next miner looks for them.
    const patience = new AbortController();
    const enough = sleep(1_000, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.running), enough]);
    patience.abort();
  }

  /** Starts the job's executor, once, in the background. */
  start(uuid: string): void {
    this.background(uuid, async () => {
      this.starting.add(uuid);
      try {
        await this.startNow(uuid);
      } finally {
        this.starting.delete(uuid);
      }
    });
  }

  /** Stops the job's executor in the background; its slot is free when it has exited. */
  stop(uuid: string): void {
    // One that is being started is stopped when it has been.
    if (this.stopping.has(uuid) || this.starting.has(uuid)) return;
    this.stopping.add(uuid);
    this.background(uuid, async () => {
      try {
        const job = await this.jobs.find(uuid);
        if (!job?.slot_held) return;
        if (job.executor_handle) await this.manager.stop(job.executor_handle, stopGrace);
        if (!this.exits.has(uuid)) await this.jobs.releaseSlot(uuid, null);
      } finally {
        this.stopping.delete(uuid);
      }
    });
  }

  /**
   * The job's executor is gone, or has not come in time. Ends the job, if it has not ended, and stops what is left.
   * @param how a part of a sentence: "the connection was closed with code 1006"
   */
  async lost(uuid: string, how: string): Promise<void> {
    const job = await this.jobs.find(uuid);
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

  private async startNow(uuid: string): Promise<void> {
    const { startupTimeLimit } = this.settings;
    const found = await this.jobs.find(uuid);
    const job =
      found && (await this.jobs.claimStart(uuid, connectLimit(found.executor_class, startupTimeLimit)));
    if (!job) return;
    const { signal } = this.shutdown;
    let handle: ExecutorHandle;
    try {
      handle = await this.manager.start(
        {
          token: job.executor_token,
          jobUuid: uuid,
          executorClass: job.executor_class,
          minerAddress: this.address.forExecutors(),
          startupTimeLimit,
        },
        signal,
      );
    } catch (error) {
      if (signal.aborted) return this.jobs.unclaimStart(uuid);
      this.logger.error({ error }, 'the executor could not be started');
      const sentence = errors.EXECUTOR_NOT_STARTED(error instanceof Error ? error.message : String(error));
      await this.fail(job, 'executor_spinup_failed', sentence);
      return this.jobs.releaseSlot(uuid, null);
    }
    this.logger.info({ handle }, 'executor started');
    const wanted = await this.jobs.setHandle(uuid, handle);
    this.watch(uuid, handle);
    if (!wanted) await this.manager.stop(handle, stopGrace);
  }

  private async adopt(job: Job, handle: ExecutorHandle): Promise<void> {
    if ((await this.manager.recover(handle)) === 'running') {
      this.logger.info('executor of an earlier miner found again');
      return this.watch(job.uuid, handle);
    }
    await this.jobs.releaseSlot(job.uuid, null);
    await this.lost(job.uuid, 'it ended while the miner was away');
  }

  private watch(uuid: string, handle: ExecutorHandle): void {
    const exit = this.manager.wait(handle, this.shutdown.signal).then(({ code }) => code);
    this.exits.set(uuid, exit);
    this.background(uuid, async () => {
      try {
        const code = await exit;
        await this.jobs.releaseSlot(uuid, code);
        this.logger.info({ code }, 'executor exited');
        // What it has sent may not have been read yet, its whole connection included.
        await sleep(exitCodePatience, undefined, { signal: this.shutdown.signal });
        if (!this.sessions.has(uuid)) await this.lost(uuid, `it exited with code ${code ?? 'unknown'}`);
      } catch (error) {
        if (!this.shutdown.signal.aborted) throw error;
      } finally {
        this.exits.delete(uuid);
      }
    });
  }

  private async fail(job: Job, reason: HordeFailureReason, error: HordeError): Promise<void> {
    this.logger.warn(error.message);
    const failure = make(HordeFailed, {
      job_uuid: job.uuid,
      reported_by: 'miner',
      reason,
      message: error.message,
      context: toJsonValue({ code: error.code }),
    });
    await this.jobs.advance(job, 'horde_failed', failure);
  }

  private background(uuid: string, work: () => Promise<void>): void {
    const running = withLogContext({ job: uuid }, work)
      .catch((error: unknown) => {
        if (this.shutdown.signal.aborted) return;
        this.logger.error({ error, job: uuid }, 'an executor could not be looked after');
      })
      .finally(() => this.running.delete(running));
    this.running.add(running);
  }
}
