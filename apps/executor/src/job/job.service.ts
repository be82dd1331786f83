import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { orAborted, pause, steadyNow } from '@horde/async';
import { LOGGER, type Logger, withLogContext } from '@horde/operations';
import {
  errors,
  HordeError,
  type HordeFailed,
  type InitialJobRequest,
  type JobFailed,
  type JobFinished,
} from '@horde/protocol';
import { ARGUMENTS, type Arguments } from '../arguments.ts';
import { Assignment } from '../miner/assignment.ts';
import { Released, MinerLink } from '../miner/miner-link.ts';
import { ExecutorSettings } from '../settings.ts';
import { byMachineClock } from './clock.ts';
import { failureMessage, overrun } from './failure.ts';
import { JobTrace } from './job-trace.ts';
import { Job } from './job.ts';
import { type MachineOptions, openMachine } from './machine.ts';
import type { OutputFeed } from '../miner/output-feed.ts';
import { loadLibrary } from './runners.ts';
import { stageLimits } from './stages.ts';
import { WarmMachine } from './warm-machine.ts';
import { withDeadline } from './with-deadline.ts';

/** How long a stopped executor goes on telling its miner. @unit ms */
const lastWordsLimit = 5_000;

/** How long a machine may take to get ready before there is a job. @unit ms */
const warmUpLimit = 60_000;
/** How long it waits for its machine to be described: a driver that hangs takes longer, and is no reason to miss jobs. @unit ms */
const describedWithin = 2_000;

/** How long, beyond all of the job's limits, a miner that is away is waited for to take the result. @unit seconds */
const deliveryMargin = 60;

/** What others than the miner's two requests can do to a job that is running. */
export interface JobControl {
  /**
   * Ends the job at whatever stage it is: its container is gone within 10 s, and the miner is told who cancelled it.
   *
   * @param by who wants it, for people: `the user`
   * @returns whether that ends the job: false when there is none yet, it is over, or ends already
   */
  cancel(by: string): boolean;
  /** What the job prints, from now on; null: there is no job yet. */
  readonly output: OutputFeed | null;
}

/** Runs the one job of this process. */
@Injectable()
export class JobService implements JobControl, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly stop: AbortSignal;
  private readonly over = Promise.withResolvers<void>();
  private running = false;
  private job: Job | null = null;

  constructor(
    private readonly settings: ExecutorSettings,
    private readonly assignment: Assignment,
    private readonly link: MinerLink,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ARGUMENTS) private readonly options: Arguments,
  ) {
    this.stop = AbortSignal.any([this.stopping.signal, this.link.gone]);
  }

  /**
   * Connects to the miner, runs the job it gives, and delivers how it ended.
   *
   * @returns the process's exit code: 0 when the miner knows how the job ended, 1 when it could not be told
   */
  async run(): Promise<number> {
    this.running = true;
    try {
      const warm = this.settings.isWarm ? await this.warmUp() : null;
      this.link.open();
      await this.link.opened;
      const limit = () => steadyNow() + this.options.startupTimeLimit * 1000;
      if (warm) return await this.runJob(await orAborted(this.assignment.initial, this.stop), limit(), warm);
      const deadline = limit();
      const late = () => overrun('executor_startup', this.options.startupTimeLimit);
      const arrived = withDeadline(deadline, late, this.stop, (signal) =>
        orAborted(this.assignment.initial, signal),
      );
      loadLibrary().catch(() => {}); // while the job comes; looked at by it
      return await this.runJob(await arrived, deadline, null);
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error);
      this.link.abandon('The executor has ended.');
      if (this.settings.isWarm && this.assignment.jobUuid === null && isNoFailure(error)) {
        this.logger.info(`the executor ends without a job: ${sentence}`);
        return 0;
      }
      this.logger.error(`the executor ends without a result: ${sentence}`);
      return 1;
    } finally {
      this.over.resolve();
    }
  }

  get output(): OutputFeed | null {
    return this.job?.output ?? null;
  }

  cancel(by: string): boolean {
    return this.job?.cancel(by) ?? false;
  }

  /** Ends the job because of an error that nobody caught. */
  fail(error: unknown): void {
    this.stopping.abort(error);
  }

  async onApplicationShutdown(): Promise<void> {
    if (!this.running) return;
    this.stopping.abort(errors.EXECUTOR_STOPPED());
    const limit = new AbortController();
    sleep(lastWordsLimit, undefined, { signal: limit.signal, ref: false }).then(
      () => this.link.abandon('The executor was stopped before the miner could be told.'),
      () => {},
    );
    await this.over.promise;
    limit.abort();
  }

  /** Gets the machine ready for jobs of the class that the settings name. @throws SecurityCheckFailed */
  private warmUp(): Promise<WarmMachine> {
    const { executorClass } = this.settings;
    const late = () => overrun('executor_startup', warmUpLimit / 1000);
    return withDeadline(steadyNow() + warmUpLimit, late, this.stop, async (signal) => {
      const library = await loadLibrary();
      const machine = await this.openMachine({ library, executorClass, jobUuid: 'warm' });
      await orAborted(machine.checked, signal);
      const long = pause(describedWithin, signal).catch(() => undefined);
      await orAborted(Promise.race([machine.described, long]), signal);
      return new WarmMachine(machine, executorClass);
    });
  }

  private openMachine(options: Pick<MachineOptions, 'library' | 'executorClass' | 'jobUuid'>) {
    const { settings, logger } = this;
    return openMachine({
      ...options,
      settings,
      logger,
      runnerName: this.options.jobRunner ?? settings.jobRunner,
      onPull: ({ image: name, done, total }) => this.job?.tellProgress({ stage: 'pull', name, done, total }),
    });
  }

  private runJob(initial: InitialJobRequest, deadline: number, warm: WarmMachine | null): Promise<number> {
    return withLogContext({ job: initial.job_uuid }, () => this.runToItsEnd(initial, deadline, warm));
  }

  private async runToItsEnd(
    initial: InitialJobRequest,
    deadline: number,
    warm: WarmMachine | null,
  ): Promise<number> {
    this.logger.info({ image: initial.docker_image, class: initial.executor_class }, 'a job has come');
    const { settings, logger } = this;
    const { job_uuid: jobUuid, executor_class: executorClass } = initial;
    const trace = new JobTrace(jobUuid, new Date(warm ? Date.now() : performance.timeOrigin));
    const job = new Job(initial, {
      settings,
      logger,
      library: loadLibrary(),
      openMachine: (library) => {
        const open = () => this.openMachine({ library, executorClass, jobUuid });
        return warm ? warm.forJob(executorClass, jobUuid, open) : open();
      },
      request: this.assignment.job,
      say: (message) => this.link.send(message),
      mention: (message) => this.link.mention(message),
      kept: this.link.kept,
      stop: this.stop,
      trace,
    });
    this.job = job;
    this.link.follow(jobUuid, job.output);
    void this.assignment.cancellation.then(({ cancelled_by, message }) => {
      if (this.cancel(cancelled_by)) logger.info({ by: cancelled_by, message }, 'the job is cancelled');
    });
    const result = await this.resultOf(job, deadline);
    const traced = trace.tell('reason' in result ? result.reason : null, logger);
    const limits = (stageLimits(initial)?.result_upload ?? 0) + deliveryMargin;
    const delivered = this.link.deliver(result, byMachineClock(deadline + limits * 1000));
    delivered.catch(() => {}); // awaited below
    await job
      .cleanUp()
      .catch((error: unknown) => this.logger.error({ error }, 'the job could not be cleaned up after'));
    await delivered.finally(() => this.link.kept.close());
    this.logger.info('the miner has the result');
    await traced;
    return 0;
  }

  private async resultOf(job: Job, deadline: number): Promise<JobFinished | JobFailed | HordeFailed> {
    try {
      const finished = await job.run(deadline, this.options.startupTimeLimit);
      this.logger.info('the job is done');
      return finished;
    } catch (error) {
      const { progress } = job;
      const message = failureMessage(error, progress);
      this.logger.warn(
        {
          stage: progress.stage,
          reason: message.reason,
          ...((!(error instanceof HordeError) || error.cause !== undefined) && { error }),
        },
        `the job failed: ${message.message}`,
      );
      return message;
    }
  }
}

/** Whether an executor without a job ends by this as it should: the miner needs it no longer, or it was stopped. */
const isNoFailure = (error: unknown): boolean =>
  error instanceof Released || (error instanceof HordeError && error.code === 'EXECUTOR_STOPPED');
