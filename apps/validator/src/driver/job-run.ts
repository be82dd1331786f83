import { isTerminal, type NewJob } from '@horde/protocol';
import type { Attempt } from '../jobs/attempt.entity.ts';
import type { Job } from '../jobs/job.entity.ts';
import type { Claim } from '../jobs/jobs.ts';
import { requestOf } from '../jobs/messages.ts';
import { rejected, type Report } from '../jobs/outcome.ts';
import { AttemptRun } from './attempt-run.ts';
import { ClaimLost } from './claim-lost.ts';
import { nobodyTook } from './nobody-took.ts';
import type { RunParts } from './run-parts.ts';

/** One run of one job, from the stage in which it was found to its end. */
export class JobRun {
  private readonly request: NewJob;
  private readonly claim: Claim;
  private readonly stop = new AbortController();
  private attempt: AttemptRun | null = null;

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

  /** The claim no longer holds: another run may have the job. A job that has ended needs no claim. */
  loseClaim(): void {
    if (!isTerminal(this.attempt?.status ?? this.job.status)) this.abort();
  }

  /** Returns when the job has ended, or when this run must not go on with it. */
  async drive(): Promise<void> {
    try {
      const last = (await this.parts.attempts.of(this.job.uuid)).at(-1);
      if (last) await this.follow(last, true);
      else await this.begin();
    } catch (error) {
      if (!(error instanceof ClaimLost) && !this.stop.signal.aborted) throw error;
      this.parts.logger.info('this run leaves the job to another');
    } finally {
      this.parts.output.forget(this.job.uuid);
    }
  }

  private async begin(): Promise<void> {
    const begun = await this.parts.start.first(this.claim, this.request, this.stop.signal);
    if (begun === null) throw new ClaimLost();
    if (!('is' in begun)) return this.follow(begun, false);
    if (!(await this.parts.jobs.advance(this.claim, [rejected(begun.error)], async () => undefined)))
      throw new ClaimLost();
    this.parts.logger.info(`the job was rejected: ${begun.error.message}`);
  }

  /** @param resumed an earlier run may have said anything up to the recorded stage */
  private async follow(first: Attempt, resumed: boolean): Promise<void> {
    const partings: Promise<void>[] = [];
    const { claim, request, parts } = this;
    const { signal } = this.stop;
    const { status, uuid } = this.job;
    for (let attempt: Attempt | null = first; attempt; resumed = false) {
      const since = resumed ? await parts.jobs.lastEventAt(uuid) : attempt.started_at.getTime();
      const run: AttemptRun = new AttemptRun(
        status,
        attempt,
        {
          claim,
          request,
          signal,
          resumed,
          since,
          another: (conclude) => parts.start.another(claim, request, conclude),
          lastWord: (report) => this.lastWord(report),
        },
        parts,
      );
      this.attempt = run;
      attempt = await run.follow();
      partings.push(run.part());
    }
    await Promise.all(partings);
  }

  /** Where one miner was asked, the user hears what that one said; of several, what each said. */
  private async lastWord(report: Report): Promise<Report> {
    const attempts = await this.parts.attempts.of(this.job.uuid);
    return attempts.length > 1 ? nobodyTook(attempts, report) : report;
  }
}
