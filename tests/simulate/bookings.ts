import type { Findings } from './findings.ts';
import { accountOf, type Job } from './jobs.ts';
import { accountKey } from '../../apps/validator/src/allowance/manifests.ts';

/** Who has booked which blocks: watches that no block is booked for two jobs. */
export class Bookings {
  private readonly jobs = new Map<string, string>();

  constructor(private readonly findings: Findings) {}

  add(job: Job): void {
    for (const block of job.blocks) {
      const key = this.key(job, block);
      const other = this.jobs.get(key);
      this.findings.check(
        'nothing is over-allocated',
        other === undefined,
        () =>
          `Block ${block} of ${accountKey(accountOf(job))} is booked for the jobs ${other} and ${job.uuid}.`,
      );
      this.jobs.set(key, job.uuid);
    }
  }

  /** @param blocks those that stay booked for ever */
  end(job: Job, blocks: readonly number[] = []): void {
    const kept = new Set(blocks);
    for (const block of job.blocks) if (!kept.has(block)) this.jobs.delete(this.key(job, block));
  }

  private key(job: Job, block: number): string {
    return `${job.validator.hotkey} ${accountKey(accountOf(job))} ${block}`;
  }
}
