import { Injectable } from '@nestjs/common';
import { Database, Doorbell } from '@horde/database';
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
   * Cancels a job. One that waits has ended when this resolves; the run of another hears of it at once.
   *
   * @param by who wants it, as a part of a sentence; the first one counts
   */
  cancel(uuid: string, by: string): Promise<Cancellation> {
    return this.database.transaction(async (tx) => {
      const [job] = await tx.manager.query<{ waits: boolean; over: boolean }[]>(
        `select waits_since is not null as waits, ended_at is not null as over from job where uuid = $1 for update`,
        [uuid],
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
    });
  }

  /** Calls `listener` with each job whose run is to end; null: rings may have been lost. Returns a function that ends it. */
  on(listener: (uuid: string | null) => void): () => void {
    return this.doorbell.on(channel, listener);
  }
}
