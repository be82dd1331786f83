import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Logger, withLogContext } from '@horde/operations';
import {
  errors,
  type HordeFailed,
  type InitialJobRequest,
  type JobFailed,
  type JobFinished,
} from '@horde/protocol';
import type { Arguments } from '../arguments.ts';
import { Assignment } from '../miner/assignment.ts';
import { MinerLink } from '../miner/miner-link.ts';
import { ExecutorSettings } from '../settings.ts';
import { failureMessage, overrun } from './failure.ts';
import { Job } from './job.ts';
import { loadLibrary, makeRunner } from './runners.ts';
import { until, within } from './within.ts';

/** How long a stopped executor goes on telling its miner. @unit ms */
const lastWordsLimit = 5_000;

/** Runs the one job of this process. */
@Injectable()
export class JobService implements OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly stop: AbortSignal;
  private readonly over = Promise.withResolvers<void>();
  private running = false;

  constructor(
    private readonly settings: ExecutorSettings,
    private readonly assignment: Assignment,
    private readonly link: MinerLink,
    @Inject('LOGGER') private readonly logger: Logger,
    @Inject('ARGUMENTS') private readonly options: Arguments,
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
      this.link.open();
      await this.link.opened;
      const deadline = Date.now() + this.options.startupTimeLimit * 1000;
      const late = () => overrun('executor_startup', this.options.startupTimeLimit);
      const library = loadLibrary();
      library.catch(() => {}); // looked at by the job
      const initial = await within(deadline, late, this.stop, (signal) =>
        until(this.assignment.initial, signal),
      );
      return await withLogContext({ job: initial.job_uuid, peer: 'miner' }, () =>
        this.runJob(initial, library, deadline),
      );
    } catch (error) {
      this.logger.error(
        `the executor ends without a result: ${error instanceof Error ? error.message : String(error)}`,
      );
      this.link.abandon('The executor has ended.');
      return 1;
    } finally {
      this.over.resolve();
    }
  }

  /** Ends the job because of an error that nobody caught. */
  fail(error: unknown): void {
    this.logger.error({ error }, 'an error was caught by nobody');
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

  private async runJob(
    initial: InitialJobRequest,
    library: ReturnType<typeof loadLibrary>,
    deadline: number,
  ): Promise<number> {
    this.logger.info({ image: initial.docker_image, class: initial.executor_class }, 'a job has come');
    const job = new Job(initial, {
      settings: this.settings,
      logger: this.logger,
      library,
      makeRunner: (loaded) =>
        makeRunner(loaded, this.options.jobRunner ?? this.settings.jobRunner, this.settings),
      request: this.assignment.job,
      say: (message) => this.link.send(message),
      stop: this.stop,
    });
    const result = await this.resultOf(job, initial.job_uuid, deadline);
    const delivered = this.link.deliver(result);
    delivered.catch(() => {}); // awaited below
    await job
      .cleanUp()
      .catch((error: unknown) => this.logger.error({ error }, 'the job could not be cleaned up after'));
    await delivered;
    this.logger.info('the miner has the result');
    return 0;
  }

  private async resultOf(
    job: Job,
    jobUuid: string,
    deadline: number,
  ): Promise<JobFinished | JobFailed | HordeFailed> {
    try {
      const finished = await job.run(deadline, this.options.startupTimeLimit);
      this.logger.info('the job is done');
      return finished;
    } catch (error) {
      const message = failureMessage(error, { jobUuid, stage: job.stage, ending: job.ending });
      const expected = message.reason !== 'unhandled_exception';
      this.logger.warn(
        { stage: job.stage, reason: message.reason, ...(!expected && { error }) },
        `the job failed: ${message.message}`,
      );
      return message;
    }
  }
}
