import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { recordChange } from '@horde/panel-server';
import { isTerminal, make, NewJob, writeFrame } from '@horde/protocol';
import { detail } from '@horde/rest';
import { Cancellations } from '../../jobs/cancellations.ts';
import { Job } from '../../jobs/job.entity.ts';
import { Jobs } from '../../jobs/jobs.ts';
import { operator } from '../../jobs/status-updates.ts';
import { ValidatorSettings } from '../../settings.ts';
import { readRequest } from './job-page.ts';

/** What an operator changes about jobs; each change is recorded in its transaction. */
@Injectable()
export class JobChanges {
  constructor(
    private readonly database: Database,
    private readonly cancellations: Cancellations,
    private readonly jobs: Jobs,
    private readonly settings: ValidatorSettings,
  ) {}

  /** @param by the operator's account @throws Refusal 404, 409 */
  async cancel(uuid: string, by: string): Promise<void> {
    const job = await this.find(uuid);
    const came = await this.cancellations.cancel(job.uuid, by);
    if (came === 'over') throw detail(409, 'The job has ended before: nothing was changed.');
  }

  /**
   * Runs what a job asked for once more, as a job of the operator's own: nobody has signed it, no facilitator is told of it,
   * and nothing is uploaded to where the user wanted it.
   *
   * @returns the uuid of the new job @throws Refusal 404, 409
   */
  async runAgain(uuid: string, by: string): Promise<string> {
    const before = await this.find(uuid);
    const request = readRequest(before.request);
    if (!request) throw detail(409, 'Nothing is known of what this job asked for.');
    if (request.streaming_details)
      throw detail(409, 'A streaming job cannot be run again: its user has the key that it is reached with.');
    if (!isTerminal(before.status)) throw detail(409, 'The job has not ended yet.');
    const again = make(NewJob, { ...request, uuid: randomUUID(), signature: null, output_upload: null });
    const fate = { wanted: again, waitLimit: this.settings.jobWaitLimit, signedDigest: null };
    await this.database.transaction(async (tx) => {
      await this.jobs.receiveIn(tx, { ...again, facilitator: operator }, writeFrame(again), fate);
      await recordChange(tx, {
        by,
        action: 'run a job again',
        subject: before.uuid,
        before: null,
        after: { job: again.uuid },
      });
    });
    return again.uuid;
  }

  private async find(uuid: string): Promise<Job> {
    const job = await this.database.manager.findOneBy(Job, { uuid });
    if (!job) throw detail(404, 'This validator has no such job.');
    return job;
  }
}
