import { isTerminal, type NewJob } from '@horde/protocol';
import type { Attempt } from '../jobs/attempt.entity.ts';
import type { Job } from '../jobs/job.entity.ts';
import type { Claim } from '../jobs/jobs.ts';
import { requestOf } from '../jobs/messages.ts';
import { rejected } from '../jobs/outcome.ts';
import { AttemptRun } from './attempt-run.ts';
import { ClaimLost, type RunParts } from './run-parts.ts';

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
  private async follow(attempt: Attempt, resumed: boolean): Promise<void> {
    const since = resumed ? await this.parts.jobs.lastEventAt(this.job.uuid) : attempt.started_at.getTime();
    const { claim, request } = this;
    const { signal } = this.stop;
    const scope = { claim, request, signal, resumed, since };
    this.attempt = new AttemptRun(this.job.status, attempt, scope, this.parts);
    await this.attempt.follow();
  }
}
