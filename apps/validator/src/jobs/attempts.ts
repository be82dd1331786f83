import { Injectable } from '@nestjs/common';
import { Database, PreparedStatement, type FollowingWrite, type Transaction } from '@horde/database';
import { Attempt } from './attempt.entity.ts';
import { JobBell } from './job-bell.ts';
import type { AttemptEnd } from './attempt-end.ts';

/** What an attempt begins with. */
const beginning = [
  'job_uuid',
  'number',
  'uuid',
  'miner_hotkey',
  'miner_ip',
  'miner_port',
  'started_at',
  'deadline',
  'booking_id',
] as const satisfies (keyof Attempt)[];

type NewAttempt = Pick<Attempt, (typeof beginning)[number]>;

const insert = new PreparedStatement(
  `insert into attempt (${beginning.join(', ')}) values (${beginning.map((_, at) => `$${at + 1}`).join(', ')})`,
);

const end = new PreparedStatement(
  `update attempt set ended_at = now(), deadline = null, outcome = $3, reason = $4, message = $5
   where job_uuid = $1 and number = $2 and ended_at is null`,
);

const ofJob = new PreparedStatement<Attempt>(`
  select ${beginning.join(', ')}, miner_number, machine_told, ended_at, outcome, reason, message
  from attempt where job_uuid = $1 order by number`);

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
    return ofJob.run(tx.manager, [jobUuid]);
  }

  begin(tx: Transaction, attempt: NewAttempt): Attempt {
    tx.later(
      insert,
      beginning.map((name) => attempt[name]),
    );
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

  /** The miner has gone on with the job: stored with the status that it has told. */
  noted(
    { job_uuid, number }: Attempt,
    { deadline, miner_number }: Pick<Attempt, 'deadline' | 'miner_number'>,
  ): FollowingWrite {
    return {
      text: (isMade) =>
        `update attempt set deadline = $3, miner_number = $4 where job_uuid = $1 and number = $2 and ${isMade}`,
      values: [job_uuid, number, deadline, miner_number],
    };
  }

  /** Does nothing when it has ended already. Its miner has room for another job then. */
  async end(
    tx: Transaction,
    { job_uuid, number }: Attempt,
    { outcome, reason, message }: AttemptEnd,
  ): Promise<void> {
    await end.run(tx.manager, [job_uuid, number, outcome, reason, message]);
    this.bell.ring(tx);
  }
}
