import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@horde/database';
import { readWanted, type Wanted } from './wanted.ts';

/** A job that may be given to a miner. Its row is locked until the transaction ends. */
export interface WaitingJob {
  uuid: string;
  wanted: Wanted;
  /** What it wants, as stored. */
  shape: string;
  received_at: Date;
  /** Until when it may wait at most, a fresh look at what miners offer included. */
  waits_until: Date;
  /** Who has cancelled it; null: nobody. */
  cancelled_by: string | null;
  /** The database's clock. */
  now: Date;
}

const facts = 'job.uuid, job.wanted, job.received_at, job.waits_until, job.cancelled_by, now() as now';

/**
 * The jobs that wait for a miner. Those of one signatory have their turns in the order of their arrival, and the
 * signatories have theirs in the order in which they had the last one.
 */
@Injectable()
export class WaitingJobs {
  constructor(private readonly database: Database) {}

  /**
   * The job whose turn it is; null: there is none, or other processes are looking at it.
   *
   * @param seen jobs that were looked at
   * @param shapes all that want what these want were looked at, too; those that are due still have their turn
   */
  async next(
    tx: Transaction,
    seen: readonly string[],
    shapes: readonly string[],
  ): Promise<WaitingJob | null> {
    const [row] = (await tx.manager.query(
      // Materialized: planned as one, it would look at all waiting jobs for each of them.
      `with oldest as materialized (
         select distinct on (signatory) uuid, signatory from job
         where waits_since is not null and uuid <> all ($1::uuid[])
           and (wanted <> all ($2::text[]) or look_at <= now())
         order by signatory, received_at
       ), turn as materialized (
         select uuid, (select max(started_at) from job other where other.signatory = oldest.signatory) as at from oldest
       )
       select ${facts} from turn join job using (uuid)
       where job.waits_since is not null
       order by turn.at nulls first, job.received_at limit 1 for update of job skip locked`,
      [seen, shapes],
    )) as WaitingRow[];
    return row ? read(row) : null;
  }

  /** A job that a run holds. @returns null when the claim is lost */
  async held(
    tx: Transaction,
    { uuid, driver }: { uuid: string; driver: string },
  ): Promise<WaitingJob | null> {
    const [row] = (await tx.manager.query(
      `select ${facts} from job where uuid = $1 and driver = $2 and ended_at is null for update`,
      [uuid, driver],
    )) as WaitingRow[];
    return row ? read(row) : null;
  }

  /** The job got a miner, and this run drives it. @param lease how long its claim holds. @unit ms */
  async began(tx: Transaction, uuid: string, driver: string, lease: number): Promise<void> {
    await tx.manager.query(
      `update job set driver = $2, lease_until = now() + make_interval(secs => $3), started_at = now(),
                      waits_for = null, waits_since = null, look_at = null
       where uuid = $1`,
      [uuid, driver, lease / 1000],
    );
  }

  /**
   * The job waits, and nobody drives it.
   *
   * @param sentence what it waits for
   * @param lookAt when to look for a miner again without having been rung for
   */
  async wait(tx: Transaction, uuid: string, sentence: string, lookAt: Date): Promise<void> {
    await tx.manager.query(
      `update job set waits_for = $2, waits_since = coalesce(waits_since, now()), look_at = $3, driver = null,
                      lease_until = null, waits_until = greatest(waits_until, $3)
       where uuid = $1 and (waits_since is null or (waits_for, look_at) is distinct from ($2, $3))`,
      [uuid, sentence, lookAt],
    );
  }

  /** When the first of them is to be looked at without a ring. @returns how long from now; null: none waits. @unit ms */
  async untilNextLook(): Promise<number | null> {
    const [{ ms }] = (await this.database.manager.query(
      `select extract(epoch from min(look_at) - now())::float8 * 1000 as ms from job where waits_since is not null`,
    )) as [{ ms: number | null }];
    return ms;
  }
}

type WaitingRow = Omit<WaitingJob, 'wanted' | 'shape'> & { wanted: string };

const read = ({ wanted: shape, ...row }: WaitingRow): WaitingJob => ({
  ...row,
  shape,
  wanted: readWanted(shape),
});
