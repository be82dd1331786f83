import { Injectable } from '@nestjs/common';
import { steadyNow } from '@horde/async';
import { Database, Outbox, type Transaction } from '@horde/database';
import {
  isTerminal,
  JobStatus,
  JobStatusUpdate,
  make,
  mayFollow,
  toJson,
  withoutNuls,
  writeCompact,
  type NewJob,
} from '@horde/protocol';
import { In, IsNull } from 'typeorm';
import { JobEvent } from './job-event.entity.ts';
import { Job } from './job.entity.ts';
import type { Report } from './outcome.ts';

/** The name under which frames for the facilitator wait in the outbox. */
export const facilitatorPeer = 'facilitator';

/** A run's claim to a job: what another run has taken over can no longer be changed with it. */
export interface Claim {
  uuid: string;
  driver: string;
}

/** What is kept of a job beside its frame. */
interface ReceivedJob extends Pick<NewJob, 'uuid' | 'signature'> {
  executor_class: string;
}

/**
 * The jobs as they are stored. Every change of status is one transaction with its line in the history and the update
 * for the facilitator, and happens once.
 */
@Injectable()
export class Jobs {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Stores a job that arrived, as `received` or with its rejection.
   *
   * @param frame the facilitator's frame
   * @returns false when the job is known already, and nothing was changed
   */
  async receive(request: ReceivedJob, frame: string, rejection: Report | null): Promise<boolean> {
    const { uuid, executor_class, signature } = request;
    const report = rejection ?? { status: 'received' as const, metadata: null };
    return this.database.transaction(async (tx) => {
      const inserted = (await tx.manager.query(
        `insert into job (uuid, request, executor_class, signatory, status, ended_at)
         values ($1, $2, $3, $4, $5, case when $6 then now() end) on conflict do nothing returning uuid`,
        [
          uuid,
          frame,
          executor_class,
          withoutNuls(signature?.signatory ?? null),
          report.status,
          rejection !== null,
        ],
      )) as unknown[];
      if (inserted.length === 0) return false;
      await this.report(tx, uuid, [report]);
      return true;
    });
  }

  /**
   * Claims a job that nobody drives.
   *
   * @param lease how long the claim holds without being renewed. @unit ms
   * @returns null when it has ended, or another run drives it
   */
  async take({ uuid, driver }: Claim, lease: number): Promise<Job | null> {
    const { affected } = await this.database.manager
      .createQueryBuilder()
      .update(Job)
      .set({ driver, lease_until: () => `now() + make_interval(secs => ${lease / 1000})` })
      .where('uuid = :uuid and ended_at is null and (lease_until is null or lease_until < now())', { uuid })
      .execute();
    return affected ? this.database.manager.findOneBy(Job, { uuid, driver }) : null;
  }

  /** Renews the claims of these runs. Returns those that still hold. */
  async renew(drivers: string[], lease: number): Promise<string[]> {
    const [rows] = (await this.database.manager.query(
      `update job set lease_until = now() + make_interval(secs => $2) where driver = any($1) returning driver`,
      [drivers, lease / 1000],
    )) as [{ driver: string }[], number];
    return rows.map(({ driver }) => driver);
  }

  /** Gives the claims of these runs back, so that another process can go on at once. */
  async release(drivers: string[]): Promise<void> {
    await this.database.manager.update(Job, { driver: In(drivers) }, { driver: null, lease_until: null });
  }

  /** Jobs that have not ended and that nobody drives, oldest first. */
  async untaken(most: number): Promise<string[]> {
    const rows = (await this.database.manager.query(
      `select uuid from job where ended_at is null and (lease_until is null or lease_until < now())
       order by received_at limit $1`,
      [most],
    )) as { uuid: string }[];
    return rows.map(({ uuid }) => uuid);
  }

  /** Whether the claim holds; if so, it does until the transaction ends. */
  async hold(tx: Transaction, { uuid, driver }: Claim): Promise<boolean> {
    const where = { uuid, driver, ended_at: IsNull() };
    const job = await tx.manager.findOne(Job, {
      select: { uuid: true },
      where,
      lock: { mode: 'pessimistic_write' },
    });
    return job !== null;
  }

  /**
   * Takes a job through these statuses, in order, and stores what belongs to it in the same transaction.
   *
   * @returns false when the claim is lost or the job is no longer where these statuses can follow; nothing was changed
   */
  async advance(
    { uuid, driver }: Claim,
    reports: Report[],
    alsoStore: (tx: Transaction) => Promise<void>,
  ): Promise<boolean> {
    const { status } = reports.at(-1)!;
    const from = JobStatus.filter((candidate) => mayFollow(candidate, reports[0]!.status));
    const end = isTerminal(status) ? { ended_at: () => 'now()', driver: null, lease_until: null } : {};
    return this.database.transaction(async (tx) => {
      const { affected } = await tx.manager
        .createQueryBuilder()
        .update(Job)
        .set({ ...end, status })
        .where({ uuid, driver, status: In(from) })
        .execute();
      if (!affected) return false;
      await this.report(tx, uuid, reports);
      await alsoStore(tx);
      return true;
    });
  }

  /** When the job's newest status was recorded. @unit ms since 1970 */
  async lastEventAt(uuid: string): Promise<number> {
    const event = await this.database.manager.findOne(JobEvent, {
      where: { job_uuid: uuid },
      order: { id: 'desc' },
    });
    return event?.at.getTime() ?? steadyNow();
  }

  private async report(tx: Transaction, uuid: string, reports: Report[]): Promise<void> {
    for (const { status, metadata } of reports) {
      const text = metadata && writeCompact(toJson(metadata));
      await tx.manager.insert(JobEvent, { job_uuid: uuid, status, metadata: text });
      await this.outbox.put(tx, facilitatorPeer, uuid, make(JobStatusUpdate, { uuid, status, metadata }));
    }
  }
}
