import { Injectable } from '@nestjs/common';
import { Database, Outbox, type Transaction } from '@horde/database';
import { CancelJob, errors, isTerminal, make, statusLabel, type JobStatus } from '@horde/protocol';
import { noJob } from '@horde/rest';
import { Channels } from '../validators/channels.ts';

export interface Cancellation {
  uuid: string;
  /** Whose job it has to be; null: anybody's. */
  hotkey: string | null;
  /** Who wants it, as a part of a sentence. */
  by: string;
  /** What else belongs into its transaction. */
  record?: (tx: Transaction) => Promise<void>;
}

/** Lets users end their jobs before their time. How a cancelled job ends is for its validator to say. */
@Injectable()
export class Cancellations {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly channels: Channels,
  ) {}

  /**
   * Has a job cancelled by its validator, now or when that is back. A second time nothing is changed.
   *
   * @throws Refusal 404 when the user has no such job
   * @throws HordeError JOB_HAS_ENDED, VALIDATOR_CANNOT_CANCEL
   */
  async cancel({ uuid, hotkey, by, record }: Cancellation): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [job] = await tx.manager.query<{ status: JobStatus; validator: string; isCancelled: boolean }[]>(
        `select status, target_validator_hotkey as validator, cancelled_at is not null as "isCancelled"
         from job where uuid = $1 and ($2::text is null or hotkey = $2) for update`,
        [uuid, hotkey],
      );
      if (!job) throw noJob();
      if (job.isCancelled) return;
      if (isTerminal(job.status)) throw errors.JOB_HAS_ENDED(statusLabel(job.status));
      const spoken = await this.channels.spoken(tx, job.validator);
      if (!spoken.includes('cancel-1')) throw errors.VALIDATOR_CANNOT_CANCEL(job.validator);
      await tx.manager.query('update job set cancelled_at = clock_timestamp() where uuid = $1', [uuid]);
      await this.tell(tx, job.validator, uuid, by);
      await record?.(tx);
    });
  }

  /** Tells the validator of a job that has ended here, where it can be told, not to go on with it. */
  async giveUpIn(tx: Transaction, validator: string, uuid: string): Promise<void> {
    const spoken = await this.channels.spoken(tx, validator);
    if (spoken.includes('cancel-1')) await this.tell(tx, validator, uuid, 'the facilitator');
  }

  private async tell(tx: Transaction, validator: string, uuid: string, by: string): Promise<void> {
    await this.outbox.put(tx, validator, uuid, make(CancelJob, { job_uuid: uuid, cancelled_by: by }));
  }
}
