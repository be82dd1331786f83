import { Inject, Injectable } from '@nestjs/common';
import { Database, Doorbell } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { writeFrame, type JobProgress } from '@horde/protocol';
import { operator } from './status-updates.ts';

/** The doorbell's channel for progress; the payload is the facilitator's address and the frame for it. */
const channel = 'progress';
/** How long progress is gathered before it is passed on. @unit ms */
const interval = 500;
/** Of more transfers at once nothing is told. */
const maxTransfers = 10_000;
/** What the doorbell takes. @unit bytes */
const maxPayload = 7_000;

/**
 * Brings what miners say of the transfers of jobs from the process that drives a job to the one that is connected to its
 * facilitator. Only the newest is passed on, and it is stored nowhere: the next one tells all that counts.
 */
@Injectable()
export class ProgressRelay {
  private newest = new Map<string, JobProgress>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly doorbell: Doorbell,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param progress under the job's own uuid, not what the job is called towards its miner */
  take(progress: JobProgress): void {
    const key = `${progress.job_uuid} ${progress.stage} ${progress.name}`;
    if (this.newest.size >= maxTransfers && !this.newest.has(key)) return;
    this.newest.set(key, progress);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.pass().catch((error: unknown) =>
        this.logger.warn({ error }, 'progress of jobs could not be told'),
      );
    }, interval).unref();
  }

  /** Calls `listener` with the frames for a facilitator. @returns a function that ends it */
  on(facilitator: string, listener: (frame: string) => void): () => void {
    return this.doorbell.on(channel, (payload) => {
      if (payload?.startsWith(`${facilitator} `)) listener(payload.slice(facilitator.length + 1));
    });
  }

  private async pass(): Promise<void> {
    const all = [...this.newest.values()];
    this.newest = new Map();
    await this.database.transaction(async (tx) => {
      const jobs = await tx.manager.query<{ uuid: string; facilitator: string }[]>(
        'select uuid, facilitator from job where uuid = any($1) and facilitator <> $2 and ended_at is null',
        [[...new Set(all.map(({ job_uuid: uuid }) => uuid))], operator],
      );
      const facilitators = new Map(jobs.map(({ uuid, facilitator }) => [uuid, facilitator]));
      for (const progress of all) {
        const facilitator = facilitators.get(progress.job_uuid);
        const payload = `${facilitator} ${writeFrame(progress)}`;
        if (facilitator && Buffer.byteLength(payload) <= maxPayload) this.doorbell.ring(tx, channel, payload);
      }
    });
  }
}
