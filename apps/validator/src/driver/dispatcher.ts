import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { clampDelay } from '@horde/async';
import { Database, isRetryable } from '@horde/database';
import { LOGGER, type Logger, withLogContext } from '@horde/operations';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { JobBell } from '../jobs/job-bell.ts';
import { Jobs } from '../jobs/jobs.ts';
import { givenUp } from '../jobs/outcome.ts';
import { WaitingJobs, type WaitingJob } from '../jobs/waiting-jobs.ts';
import type { NoMiner } from '../routing/choice.ts';
import { FreshLook } from './fresh-look.ts';
import { NextMiner, type Found } from './next-miner.ts';

/** The pause before waiting jobs are looked at again when the database failed. @unit ms */
const retryPause = 1_000;
/** Looks that are due are put together when they are closer than this. @unit ms */
const minPause = 50;

/** A job that was looked at in vain so often ends: two jobs may be in each other's way once, in the database. */
const maxFailures = 3;

/** What one pass has looked at, and need not look at again. */
interface Seen {
  /** Jobs. */
  uuids: string[];
  /** What all jobs wait for that want the same, by what they want. */
  answers: Map<string, NoMiner>;
}

/** Who runs what has been given to a miner. */
interface Runs {
  /** Whether one more job can be driven here. */
  hasRoom(): boolean;
  /** Drives a job that a miner has just been chosen for. */
  begin(uuid: string, driver: string, attempt: Attempt): void;
}

/**
 * Gives waiting jobs to miners, each in its turn, whenever it is rung for: a job has come, a miner has got room, or it is
 * time for one of them to look again. A waiting job has a row, and nothing else.
 */
@Injectable()
export class Dispatcher {
  private runs: Runs | null = null;
  private again = false;
  private passing: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private unlisten = () => {};
  /** How often looking for a miner has failed, of the jobs that wait. */
  private readonly failures = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly bell: JobBell,
    private readonly jobs: Jobs,
    private readonly waiting: WaitingJobs,
    private readonly next: NextMiner,
    private readonly fresh: FreshLook,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(runs: Runs): void {
    this.runs = runs;
    this.fresh.onNews = () => this.wake();
    this.unlisten = this.bell.on(() => this.wake());
    this.wake();
  }

  /** Resolves when nothing is given to a miner any more. */
  async stop(): Promise<void> {
    this.runs = null;
    this.unlisten();
    clearTimeout(this.timer);
    await this.passing;
  }

  /** Looks at the waiting jobs, now or when the look that is under way is over. */
  wake(): void {
    this.again = true;
    if (!this.passing && this.runs) this.passing = this.work();
  }

  private async work(): Promise<void> {
    clearTimeout(this.timer);
    let pause: number | null = null;
    try {
      while (this.again && this.runs) {
        this.again = false;
        pause = await this.pass();
      }
    } catch (error) {
      this.logger.error({ error }, 'waiting jobs could not be looked at');
      pause = retryPause;
    }
    this.passing = null;
    if (pause !== null && this.runs)
      this.timer = setTimeout(() => this.wake(), clampDelay(Math.max(minPause, pause))).unref();
  }

  /** Looks at each waiting job that may go on, once. @returns when the next look is due. @unit ms */
  private async pass(): Promise<number | null> {
    const seen: Seen = { uuids: [], answers: new Map() };
    while (this.runs?.hasRoom()) {
      if (await this.look(seen)) continue;
      const nobodyWaits = seen.uuids.length === 0 && seen.answers.size === 0;
      return nobodyWaits ? null : this.waiting.untilNextLook();
    }
    return null;
  }

  /** Looks at the job whose turn it is. @returns false when there is none */
  private async look(seen: Seen): Promise<boolean> {
    const driver = randomUUID();
    let job: WaitingJob | null = null;
    let found: Found;
    try {
      const looked = await this.database.transaction(async (tx) => {
        job = await this.waiting.next(tx, seen.uuids, [...seen.answers.keys()]);
        if (!job) return null;
        const answer = seen.answers.get(job.shape);
        return this.next.find(tx, job, { driver, holder: null, ...(answer && { known: answer }) });
      });
      if (!job || !looked) return false;
      found = looked;
    } catch (error) {
      if (!job || isRetryable(error)) throw error;
      seen.uuids.push((job as WaitingJob).uuid);
      await this.failed(job, error);
      return true;
    }
    this.settle(job, driver, found, seen);
    return true;
  }

  /** A job that cannot be looked at must not keep the others from their turns. */
  private async failed({ uuid }: WaitingJob, error: unknown): Promise<void> {
    const failures = (this.failures.get(uuid) ?? 0) + 1;
    this.logger.error({ error, job: uuid, failures }, 'no miner could be looked for');
    this.failures.set(uuid, failures);
    if (failures < maxFailures) return;
    this.failures.delete(uuid);
    const report = givenUp('unhandled_exception', 'The validator failed while it looked for a miner.');
    await this.database.transaction((tx) => this.jobs.advanceIn(tx, { uuid, driver: null }, [report]));
  }

  private settle(job: WaitingJob, driver: string, found: Found, seen: Seen): void {
    if (found.is !== 'waits') this.failures.delete(job.uuid);
    if (found.is === 'begun') this.runs?.begin(job.uuid, driver, found.attempt);
    else if (found.is === 'ended') {
      withLogContext({ job: job.uuid }, () =>
        this.logger.info({ status: found.report.status }, `the job has ended: ${found.report.status}`),
      );
    } else if (found.none) seen.answers.set(job.shape, found.none);
    else seen.uuids.push(job.uuid);
  }
}
