import { isTerminal, type NewJob } from '@horde/protocol';
import type { Transaction } from '@horde/database';
import { withLogContext } from '@horde/operations';
import type { Attempt } from '../jobs/attempt.entity.ts';
import type { Job } from '../jobs/job.entity.ts';
import type { Claim } from '../jobs/jobs.ts';
import { requestOf } from '../jobs/messages.ts';
import type { Report } from '../jobs/outcome.ts';
import type { WaitingJob } from '../jobs/waiting-jobs.ts';
import { AttemptRun } from './attempt-run.ts';
import { ClaimLost } from './claim-lost.ts';
import type { RunParts } from './run-parts.ts';
import type { Conclude } from './run-scope.ts';

/** One run of one job, from the attempt in which it was found to its end, or until it waits for a miner again. */
export class JobRun {
  private readonly request: NewJob;
  private readonly claim: Claim;
  private readonly stop = new AbortController();
  private attempt: AttemptRun | null = null;
  /** The attempt that follows. */
  private next: Attempt | null = null;
  private isOver = false;
  private cancelledBy: string | null = null;

  constructor(
    private readonly job: Job,
    driver: string,
    private readonly parts: RunParts,
  ) {
    this.request = requestOf(job.request);
    this.claim = { uuid: job.uuid, driver };
  }

  /** Leaves the job as it is, for another run. */
  abort(): void {
    this.stop.abort(new ClaimLost());
  }

  /** What the renewal of its claim says: who has cancelled the job, null: nobody; undefined: the claim no longer holds. */
  renewed(cancelledBy: string | null | undefined): void {
    if (typeof cancelledBy === 'string') return this.cancel(cancelledBy);
    // Another run may have the job. One that has ended, or waits, needs no claim.
    const needsClaim = !this.isOver && !isTerminal(this.attempt?.status ?? this.job.status);
    if (cancelledBy === undefined && needsClaim) this.abort();
  }

  /** Ends the job. @param by who wants it, as a part of a sentence */
  cancel(by: string): void {
    this.cancelledBy ??= by;
    this.attempt?.cancel(this.cancelledBy);
  }

  /**
   * Returns when the job has ended or waits, or when this run must not go on with it.
   *
   * @param begun the attempt that has just begun; null: an earlier run has left the job as it is
   */
  async drive(begun: Attempt | null): Promise<void> {
    try {
      const attempt = begun ?? (await this.parts.attempts.of(this.job.uuid)).at(-1);
      if (!attempt || attempt.ended_at) throw new Error('The job is to be driven, but no miner has it.');
      await this.follow(attempt, begun === null);
    } catch (error) {
      if (!(error instanceof ClaimLost) && !this.stop.signal.aborted) throw error;
      this.parts.logger.info('this run leaves the job to another');
    } finally {
      this.parts.output.forget(this.job.uuid);
    }
  }

  /** @param resumed an earlier run may have said anything up to the recorded stage */
  private async follow(first: Attempt, resumed: boolean): Promise<void> {
    const partings: Promise<void>[] = [];
    const { claim, request, parts } = this;
    const { signal } = this.stop;
    const { status, uuid } = this.job;
    for (let attempt: Attempt | null = first; attempt; attempt = this.next, resumed = false) {
      this.next = null;
      const since = resumed ? await parts.jobs.lastEventAt(uuid) : attempt.started_at.getTime();
      const scope = {
        claim,
        request,
        signal,
        resumed,
        since,
        passOver: (conclude: Conclude) => this.passOver(conclude),
        leave: (conclude: Conclude, report: Report) => this.leave(conclude, report),
      };
      const { miner_hotkey: miner } = attempt;
      const run = withLogContext({ miner }, () => new AttemptRun(status, attempt, scope, parts));
      await withLogContext({ miner }, () => this.followOne(run, partings));
    }
    this.isOver = true;
    await Promise.all(partings);
  }

  /** @param partings gets what is done beside the next attempt */
  private async followOne(attempt: AttemptRun, partings: Promise<void>[]): Promise<void> {
    this.attempt = attempt;
    if (this.cancelledBy !== null) attempt.cancel(this.cancelledBy);
    await attempt.follow();
    partings.push(attempt.part());
  }

  private async passOver(conclude: Conclude): Promise<boolean> {
    this.next = await this.parts.database.transaction(async (tx) =>
      this.parts.next.another(tx, await this.held(tx), this.claim.driver, conclude),
    );
    return this.next !== null;
  }

  private async leave(conclude: Conclude, report: Report): Promise<Report | null> {
    const { driver } = this.claim;
    const found = await this.parts.database.transaction(async (tx) => {
      const job = await this.held(tx);
      await conclude(tx);
      return this.parts.next.find(tx, job, { driver, holder: driver, last: report });
    });
    if (found.is === 'begun') this.next = found.attempt;
    if (found.is === 'waits') this.parts.logger.info('the job waits for a miner again');
    return found.is === 'ended' ? found.report : null;
  }

  private async held(tx: Transaction): Promise<WaitingJob> {
    const job = await this.parts.waiting.held(tx, this.claim);
    if (!job) throw new ClaimLost();
    return job;
  }
}
