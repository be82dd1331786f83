import { randomUUID } from 'node:crypto';
import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { isRetryable } from '@horde/database';
import { LOGGER, type Logger, repeat, withLogContext } from '@horde/operations';
import { Dispatcher } from './dispatcher.ts';
import { lease, renewalInterval } from './lease.ts';
import { JobRun } from './job-run.ts';
import { DriverParts } from './run-parts.ts';
import { attemptEndOf } from '../jobs/attempt-end.ts';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { Cancellations } from '../jobs/cancellations.ts';
import { Jobs } from '../jobs/jobs.ts';
import { finishedReceipt } from '../jobs/messages.ts';
import { givenUp } from '../jobs/outcome.ts';
import { scoreOfUsed } from '../jobs/stages.ts';

/** How often jobs are looked for that nobody drives, and waiting ones that nobody has rung for. @unit ms */
const sweepInterval = 5_000;
/** How many jobs are driven at once in one process; the others wait for a run to end, here or elsewhere. */
const maxRuns = 2_000;

/** Drives each unfinished job in exactly one run, in whichever process of the validator gets it first. */
@Injectable()
export class JobDriver implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly runs = new Map<string, { uuid: string; run: JobRun | null; ended: Promise<void> }>();
  private repetitions: (() => void)[] = [];
  private stopping = false;

  constructor(
    private readonly jobs: Jobs,
    private readonly dispatcher: Dispatcher,
    private readonly cancellations: Cancellations,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly parts: DriverParts,
  ) {}

  onApplicationBootstrap(): void {
    this.dispatcher.start({
      hasRoom: () => this.hasRoom,
      begin: (uuid, driver, attempt) => this.start(uuid, driver, attempt),
    });
    const failed = (sentence: string) => (error: unknown) => this.logger.error({ error }, sentence);
    this.repetitions = [
      repeat(() => this.sweep(), sweepInterval, failed('jobs that nobody drives could not be looked for')),
      repeat(
        () => this.renew(),
        renewalInterval,
        failed('the claims to the running jobs could not be renewed'),
      ),
    ];
    this.repetitions.push(
      this.cancellations.on((uuid) => {
        void this.cancelled(uuid).catch(failed('a job could not be cancelled at once'));
      }),
    );
    void this.sweep().catch((error: unknown) =>
      this.logger.error({ error }, 'unfinished jobs could not be looked for'),
    );
  }

  /** Lets all jobs go, for another process or the next start. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const end of this.repetitions) end();
    await this.dispatcher.stop();
    const runs = [...this.runs.values()];
    for (const { run } of runs) run?.abort();
    const drivers = [...this.runs.keys()];
    await Promise.all(runs.map(({ ended }) => ended));
    await this.jobs.release(drivers);
  }

  private get hasRoom(): boolean {
    return !this.stopping && this.runs.size < maxRuns;
  }

  /** Begins a run of a job. @param begun the attempt that has just begun; null: the job is to be claimed as it is */
  private start(uuid: string, driver: string, begun: Attempt | null): void {
    const entry = { uuid, run: null as JobRun | null, ended: Promise.resolve() };
    this.runs.set(driver, entry);
    entry.ended = withLogContext({ job: uuid }, () => this.run(uuid, driver, begun, entry)).finally(() => {
      this.runs.delete(driver);
      // Others may have waited for room in this process.
      if (this.runs.size === maxRuns - 1) this.dispatcher.wake();
    });
  }

  private async run(
    uuid: string,
    driver: string,
    begun: Attempt | null,
    entry: { run: JobRun | null },
  ): Promise<void> {
    try {
      const claim = { uuid, driver };
      const job = begun ? await this.jobs.claimed(claim) : await this.jobs.take(claim, lease);
      if (!job) return;
      entry.run = new JobRun(job, driver, this.parts.ofRun());
      if (this.stopping) return;
      if (job.cancelled_by !== null) entry.run.cancel(job.cancelled_by);
      await entry.run.drive(begun);
    } catch (error) {
      this.logger.error({ error }, 'driving the job failed');
      // Without the database nothing can be said about the job; the sweep takes it up again.
      if (!isRetryable(error)) await this.fail(uuid, driver);
    }
  }

  /** Ends a job because of a fault of the validator itself: it would only happen again. */
  private async fail(uuid: string, driver: string): Promise<void> {
    const why = 'The validator failed while it drove the job.';
    const report = givenUp('unhandled_exception', why);
    const { attempts, allowance, delivery, receipts, keypair } = this.parts;
    await this.jobs
      .advance({ uuid, driver }, [report], async (tx) => {
        const attempt = (await attempts.in(tx, uuid)).at(-1);
        if (!attempt) return;
        const { miner_hotkey, started_at } = attempt;
        await delivery.cancel(tx, miner_hotkey, attempt.uuid, why);
        if (attempt.booking_id) await allowance.undo(tx, attempt.booking_id);
        const parties = { job_uuid: attempt.uuid, miner_hotkey, validator_hotkey: keypair.address };
        const payload = finishedReceipt(parties, started_at.getTime(), scoreOfUsed(0), []);
        await delivery.put(tx, receipts.issue(tx, payload));
        await attempts.end(tx, attempt, attemptEndOf(report));
      })
      .catch((error: unknown) => this.logger.error({ error }, 'the job could not be ended'));
  }

  private async sweep(): Promise<void> {
    const room = maxRuns - this.runs.size;
    if (this.stopping || room <= 0) return;
    const { uuids, isAnyWaiting } = await this.jobs.untaken(room);
    if (isAnyWaiting) this.dispatcher.wake();
    const driven = new Set([...this.runs.values()].map(({ uuid }) => uuid));
    for (const uuid of uuids) if (this.hasRoom && !driven.has(uuid)) this.start(uuid, randomUUID(), null);
  }

  private async renew(): Promise<void> {
    const drivers = [...this.runs.keys()];
    if (drivers.length === 0) return;
    const held = await this.jobs.renew(drivers, lease);
    for (const driver of drivers) this.runs.get(driver)?.run?.renewed(held.get(driver));
  }

  /** Somebody has cancelled a job, and it may be driven here. @param uuid null: any of them */
  private async cancelled(uuid: string | null): Promise<void> {
    if (uuid === null) return this.renew();
    const run = [...this.runs.values()].find((one) => one.uuid === uuid)?.run;
    const by = run && (await this.jobs.cancelledBy(uuid));
    if (by) run.cancel(by);
  }
}
