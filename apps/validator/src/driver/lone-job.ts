import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { repeat } from '@horde/operations';
import { writeFrame, type NewJob } from '@horde/protocol';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { Cancellations } from '../jobs/cancellations.ts';
import type { Claim } from '../jobs/jobs.ts';
import { operator } from '../jobs/status-updates.ts';
import { JobRun } from './job-run.ts';
import { lease, renewalInterval } from './lease.ts';
import { DriverParts } from './run-parts.ts';

/** Drives one job that no facilitator has sent, in a process that drives no others. It does not wait for a miner. */
@Injectable()
export class LoneJob {
  constructor(
    private readonly parts: DriverParts,
    private readonly cancellations: Cancellations,
  ) {}

  /** Returns when it has ended; when the signal is aborted it is cancelled. */
  async run(request: NewJob, signal: AbortSignal): Promise<void> {
    const claim = { uuid: request.uuid, driver: randomUUID() };
    const attempt = await this.begin(request, claim);
    const job = attempt && (await this.parts.jobs.claimed(claim));
    if (!job) return;
    const run = new JobRun(job, claim.driver, this.parts.ofRun());
    const failed = (error: unknown) => this.parts.logger.error({ error }, 'the claim could not be renewed');
    const renew = async () => {
      const held = await this.parts.jobs.renew([claim.driver], lease);
      run.renewed(held.get(claim.driver));
    };
    const ends = [
      repeat(renew, renewalInterval, failed),
      this.cancellations.on(() => void renew().catch(failed)),
    ];
    const stop = () => run.cancel('the operator');
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      await run.drive(attempt);
    } finally {
      signal.removeEventListener('abort', stop);
      for (const end of ends) end();
    }
  }

  /** Stores the job with its first attempt at once, so that no other process looks for a miner for it. */
  private begin(request: NewJob, claim: Claim): Promise<Attempt | null> {
    const { database, jobs, next } = this.parts;
    const now = new Date();
    return database.transaction(async (tx) => {
      const fate = { wanted: request, waitLimit: 0, signedDigest: null };
      await jobs.receiveIn(tx, { ...request, facilitator: operator }, writeFrame(request), fate);
      const job = {
        uuid: request.uuid,
        wanted: request,
        shape: '',
        received_at: now,
        waits_until: now,
        now,
        cancelled_by: null,
        was_asked: false,
      };
      const found = await next.find(tx, job, { driver: claim.driver, holder: null });
      return found.is === 'begun' ? found.attempt : null;
    });
  }
}
