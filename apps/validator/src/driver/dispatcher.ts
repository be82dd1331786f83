import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { clampDelay } from '@horde/async';
import { Database } from '@horde/database';
import { LOGGER, type Logger, withLogContext } from '@horde/operations';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { JobBell } from '../jobs/job-bell.ts';
import { WaitingJobs, type Told } from '../jobs/waiting-jobs.ts';
import type { NoMiner } from '../routing/choice.ts';
import { FreshLook } from './fresh-look.ts';
import { NextMiner } from './next-miner.ts';

/** The pause before waiting jobs are looked at again when the database failed. @unit ms */
const retryPause = 1_000;
/** Looks that are due are put together when they are closer than this. @unit ms */
const leastPause = 50;

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

  constructor(
    private readonly database: Database,
    private readonly bell: JobBell,
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
      this.timer = setTimeout(() => this.wake(), clampDelay(Math.max(leastPause, pause))).unref();
  }

  /** Looks at each waiting job that may go on, once. @returns when the next look is due. @unit ms */
  private async pass(): Promise<number | null> {
    const told: Told = { uuids: [], shapes: [] };
    const answers = new Map<string, NoMiner>();
    while (this.runs?.hasRoom()) {
      if (await this.look(told, answers)) continue;
      const nobodyWaits = told.uuids.length === 0 && told.shapes.length === 0;
      return nobodyWaits ? null : this.waiting.untilNextLook();
    }
    return null;
  }

  /** Looks at the job whose turn it is. @returns false when there is none */
  private async look(told: Told, answers: Map<string, NoMiner>): Promise<boolean> {
    const driver = randomUUID();
    const looked = await this.database.transaction(async (tx) => {
      const job = await this.waiting.next(tx, told);
      if (!job) return null;
      const answer = answers.get(job.shape);
      const search = { driver, holder: null, ...(answer && { told: answer }) };
      return { job, found: await this.next.find(tx, job, search) };
    });
    if (!looked) return false;
    const { job, found } = looked;
    if (found.is === 'begun') this.runs?.begin(job.uuid, driver, found.attempt);
    else if (found.is === 'ended') {
      withLogContext({ job: job.uuid }, () =>
        this.logger.info({ status: found.report.status }, `the job has ended: ${found.report.status}`),
      );
    } else if (found.none) {
      told.shapes.push(job.shape);
      answers.set(job.shape, found.none);
    } else told.uuids.push(job.uuid);
    return true;
  }
}
