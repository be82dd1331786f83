import { Injectable } from '@nestjs/common';
import { steadyNow } from '@horde/async';
import { Database } from '@horde/database';
import type { ExecutorClass } from '@horde/protocol';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { acceptedReceiptTtl, type StageLimits } from '../jobs/stages.ts';
import { readWanted, type Wanted } from '../jobs/wanted.ts';
import type { Candidate } from './candidate.ts';

/** No more running jobs are looked at. */
const maxJobs = 1_000;

/** About when a busy miner is free for one more job. */
@Injectable()
export class ExpectedWait {
  constructor(
    private readonly database: Database,
    private readonly config: ValidatorConfig,
  ) {}

  /**
   * Of the jobs that keep these miners' executors busy, when those that end first have to be over at the latest, and as many
   * as wait for the class already. Told coarsely, and not more: the jobs are those of others.
   *
   * @returns seconds from now; null: nobody knows
   */
  async of(executorClass: ExecutorClass, candidates: readonly Candidate[]): Promise<number | null> {
    const busy = candidates.filter(({ obstacle }) => obstacle === 'busy').map(({ hotkey }) => hotkey);
    if (busy.length === 0) return null;
    const { manager } = this.database;
    const running = await manager.query<{ started_at: Date; wanted: string }[]>(
      `select attempt.started_at, job.wanted from attempt join job on job.uuid = job_uuid
       where attempt.ended_at is null and executor_class = $1 and miner_hotkey = any ($2) limit ${maxJobs}`,
      [executorClass, busy],
    );
    const [{ ahead }] = await manager.query<[{ ahead: number }]>(
      'select count(*)::int as ahead from job where waits_since is not null and executor_class = $1',
      [executorClass],
    );
    const ends = running
      .map(({ started_at, wanted }) => lastEndOf(started_at, readWanted(wanted), this.config.limits))
      .toSorted((a, b) => a - b);
    const end = ends[ahead];
    return end === undefined ? null : coarse((end - steadyNow()) / 1_000);
  }
}

/** @unit ms since 1970 */
const lastEndOf = (startedAt: Date, wanted: Wanted, limits: StageLimits): number =>
  startedAt.getTime() + (limits.reservation + acceptedReceiptTtl(wanted, limits)) * 1_000;

/** Up to a minute in steps of ten seconds, beyond that in minutes. */
const coarse = (seconds: number): number => {
  const step = seconds > 60 ? 60 : 10;
  return Math.max(1, Math.ceil(seconds / step)) * step;
};
