import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@horde/database';
import { Attempt } from './attempt.entity.ts';
import { JobBell } from './job-bell.ts';
import type { AttemptEnd } from './attempt-end.ts';

/** What an attempt begins with. */
type NewAttempt = Pick<
  Attempt,
  | 'job_uuid'
  | 'number'
  | 'uuid'
  | 'miner_hotkey'
  | 'miner_ip'
  | 'miner_port'
  | 'started_at'
  | 'deadline'
  | 'booking_id'
>;

/** The miners that were asked to run a job, as they are stored. */
@Injectable()
export class Attempts {
  constructor(
    private readonly database: Database,
    private readonly bell: JobBell,
  ) {}

  /** All attempts of a job, the first one first. */
  of(jobUuid: string): Promise<Attempt[]> {
    return this.database.manager.find(Attempt, { where: { job_uuid: jobUuid }, order: { number: 'asc' } });
  }

  /** As `of`, in a transaction. */
  in(tx: Transaction, jobUuid: string): Promise<Attempt[]> {
    return tx.manager.find(Attempt, { where: { job_uuid: jobUuid }, order: { number: 'asc' } });
  }

  async begin(tx: Transaction, attempt: NewAttempt): Promise<Attempt> {
    await tx.manager.insert(Attempt, attempt);
    return {
      ...attempt,
      miner_number: '0',
      machine_told: false,
      ended_at: null,
      outcome: null,
      reason: null,
      message: null,
    };
  }

  /** The miner has gone on with the job. */
  async note(
    tx: Transaction,
    { job_uuid, number }: Attempt,
    change: Pick<Attempt, 'deadline' | 'miner_number'>,
  ): Promise<void> {
    await tx.manager.update(Attempt, { job_uuid, number }, change);
  }

  /** Does nothing when it has ended already. Its miner has room for another job then. */
  async end(tx: Transaction, { job_uuid, number }: Attempt, end: AttemptEnd): Promise<void> {
    await tx.manager
      .createQueryBuilder()
      .update(Attempt)
      .set({ ...end, ended_at: () => 'now()', deadline: null })
      .where('job_uuid = :job_uuid and number = :number and ended_at is null', { job_uuid, number })
      .execute();
    this.bell.ring(tx);
  }
}
