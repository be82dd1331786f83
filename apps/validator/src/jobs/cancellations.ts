import { Injectable } from '@nestjs/common';
import { Database, Doorbell, type Transaction } from '@horde/database';
import { recordChange, type Author } from '@horde/panel-server';
import type { CancelJob } from '@horde/protocol';
import { Jobs } from './jobs.ts';
import { cancelled } from './outcome.ts';

/** The doorbell's channel; the payload is the job's uuid. */
const channel = 'cancelled';

/** What a cancel has come to: it ended the job, its run will, the job has ended before, or there is none. */
type Cancellation = 'ended' | 'told' | 'over' | 'unknown';

/** Ends jobs before their time, whichever process of the validator drives them. */
@Injectable()
export class Cancellations {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly doorbell: Doorbell,
  ) {}

  /**
   * Cancels a job as an operator wants it, which is recorded. One that waits has ended when this resolves; the run of another
   * hears of it at once.
   *
   * @param author the operator's account; null: a command
   * @param by who wants it, as a part of a sentence; the first one counts
   */
  cancel(uuid: string, author: Author, by = 'the operator of the validator'): Promise<Cancellation> {
    return this.database.transaction(async (tx) => {
      const [job] = await tx.manager.query<{ status: string }[]>('select status from job where uuid = $1', [
        uuid,
      ]);
      const came = await this.cancelIn(tx, uuid, by, null);
      if (came === 'ended' || came === 'told')
        await recordChange(tx, {
          by: author,
          action: 'cancel a job',
          subject: uuid,
          before: { status: job!.status },
          after: { status: job!.status, cancelled: true },
        });
      return came;
    });
  }

  /**
   * Cancels a job as the facilitator asks that has sent the job; to others it is unknown. A job that has not come yet has
   * ended when it comes.
   *
   * @param frame the text that `message` was read from
   * @param facilitator the address of the one that sent it
   */
  cancelFor(facilitator: string, message: CancelJob, frame: string): Promise<Cancellation> {
    const { job_uuid: uuid, cancelled_by: by } = message;
    return this.database.transaction(async (tx) => {
      const came = await this.cancelIn(tx, uuid, by, facilitator);
      if (came !== 'unknown') return came;
      const request = { uuid, executor_class: '', signature: null, facilitator };
      return (await this.jobs.receiveIn(tx, request, frame, cancelled(by, 'sent'))) ? 'ended' : 'unknown';
    });
  }

  /** @param facilitator whose job it has to be; null: anybody's */
  private async cancelIn(
    tx: Transaction,
    uuid: string,
    by: string,
    facilitator: string | null,
  ): Promise<Cancellation> {
    const [job] = await tx.manager.query<{ waits: boolean; over: boolean }[]>(
      `select waits_since is not null as waits, ended_at is not null as over from job
       where uuid = $1 and facilitator = coalesce($2, facilitator) for update`,
      [uuid, facilitator],
    );
    if (!job) return 'unknown';
    if (job.over) return 'over';
    await tx.manager.query('update job set cancelled_by = coalesce(cancelled_by, $2) where uuid = $1', [
      uuid,
      by,
    ]);
    if (job.waits) {
      await this.jobs.advanceIn(tx, { uuid, driver: null }, [cancelled(by, 'received')]);
      return 'ended';
    }
    this.doorbell.ring(tx, channel, uuid);
    return 'told';
  }

  /** Calls `listener` with each job whose run is to end; null: rings may have been lost. Returns a function that ends it. */
  on(listener: (uuid: string | null) => void): () => void {
    return this.doorbell.on(channel, listener);
  }
}
