import { Injectable } from '@nestjs/common';
import { Database, GatheredBell, PreparedStatement } from '@horde/database';
import {
  executorRequestNumbers as toExecutor,
  validatorMessageNumbers as ofValidator,
  isCanonicalUuid,
  withoutNuls,
} from '@horde/protocol';
import type { Job } from './job.entity.ts';

/** What an executor is sent of its job; null where there is nothing, or it has it. */
export type ExecutorRequests = Pick<
  Job,
  'executor_handle' | 'executor_address' | 'job_request' | 'cancel_request'
> & {
  initial_request: string | null;
};

const following = new PreparedStatement<ExecutorRequests>(
  `select executor_handle, executor_address,
     case when $2::int < $3::int then initial_request end as initial_request,
     case when $2 < $4::int then job_request end as job_request,
     case when $2 < $5::int then cancel_request end as cancel_request
   from job where uuid = $1 and ended_at is null`,
);

const lastReceived = new PreparedStatement<{ received: number }>(
  `select case when settled_at is not null then $3::int when cancelled_at is not null then $4::int
     when job_request is not null then $5::int else $6::int end as received
   from job where uuid = $1 and validator_hotkey = $2`,
);

/** What its validator has asked of a job. The numbers of these messages, both ways, are those of `durable-1`. */
@Injectable()
export class JobRequests {
  constructor(
    private readonly database: Database,
    private readonly bell: GatheredBell,
  ) {}

  /**
   * The requests of a job that follow the one with this number on the way to its executor. Null when the job has ended.
   */
  async after(uuid: string, number: number): Promise<ExecutorRequests | null> {
    const [row] = await following.run(this.database.manager, [
      uuid,
      number,
      toExecutor.V0InitialJobRequest,
      toExecutor.V0JobRequest,
      toExecutor.V0CancelJobRequest,
    ]);
    return row ?? null;
  }

  /** The job of this token, when it has ended by what its executor said on `durable-1`; else null. */
  async endedBy(token: string): Promise<Pick<Job, 'uuid' | 'validator_hotkey' | 'executor_number'> | null> {
    const rows = await this.database.manager.query<Job[]>(
      'select uuid, validator_hotkey, executor_number from job where executor_token = $1 and ended_by_executor',
      [token],
    );
    return rows[0] ?? null;
  }

  /**
   * The number of the validator's last message about a job that is stored. It is never that of the accepted receipt, which
   * leaves no trace that tells it from one that was dropped: it may be asked for again. Null when this validator has no
   * such job here.
   */
  async received(uuid: string, hotkey: string): Promise<number | null> {
    if (!isCanonicalUuid(uuid)) return null;
    const [row] = await lastReceived.run(this.database.manager, [
      uuid,
      hotkey,
      ofValidator.V0JobFinishedReceiptRequest,
      ofValidator.V0CancelJobRequest,
      ofValidator.V0JobRequest,
      ofValidator.V0InitialJobRequest,
    ]);
    return row?.received ?? null;
  }

  /**
   * Stores that a job is to be ended.
   * @param by who wants it @param text the frame as it came
   * @returns false when the job has ended, or was cancelled before
   */
  async cancel(uuid: string, by: string, text: string): Promise<boolean> {
    const [rows] = await this.database.manager.query<[unknown[]]>(
      `update job set cancelled_at = now(), cancelled_by = $2, cancel_request = $3
       where uuid = $1 and cancelled_at is null and ended_at is null returning uuid`,
      [uuid, withoutNuls(by), text],
    );
    this.bell.ring('jobs');
    return rows.length > 0;
  }
}
