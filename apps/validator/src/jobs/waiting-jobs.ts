import { Injectable } from '@nestjs/common';
import { Database, PreparedStatement, type Transaction } from '@horde/database';
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
  /** Whether a miner has been asked for it. */
  was_asked: boolean;
  /** The database's clock. */
  now: Date;
}

const facts = `job.uuid, job.wanted, job.received_at, job.waits_until, job.cancelled_by, now() as now,
  exists (select from attempt where job_uuid = job.uuid) as was_asked`;

/** One that came unsigned has its turns with the others of that kind. */
const party = `coalesce(signatory, '')`;
const waiting = `waits_since is not null and uuid <> all ($1::uuid[])`;

/**
 * Of each shape and signatory the oldest job is found through the index `job_turn`, one step each: however many wait, no
 * more than these are read.
 */
const nextJob = new PreparedStatement<WaitingRow>(`
  with recursive shape as (
    (select wanted from job where waits_since is not null order by wanted limit 1)
    union all
    select (select job.wanted from job where waits_since is not null and job.wanted > shape.wanted
            order by job.wanted limit 1)
    from shape where shape.wanted is not null
  ), line as (
    select oldest.* from shape cross join lateral (
      select uuid, wanted, ${party} as party, received_at from job
      where ${waiting} and job.wanted = shape.wanted order by ${party}, received_at limit 1
    ) oldest
    where shape.wanted <> all ($2::text[])
    union all
    select oldest.* from line cross join lateral (
      select uuid, wanted, ${party} as party, received_at from job
      where ${waiting} and job.wanted = line.wanted and ${party} > line.party order by ${party}, received_at limit 1
    ) oldest
  ), due as (
    select uuid, ${party} as party, received_at from job
    where look_at <= now() and uuid <> all ($1::uuid[]) and wanted = any ($2::text[]) order by look_at limit 1
  ), oldest as (
    select distinct on (party) uuid, party, received_at
    from (select uuid, party, received_at from line union all select uuid, party, received_at from due) each
    order by party, received_at
  ), turn as materialized (
    select uuid, received_at, (select max(started_at) from job other where other.signatory = party) as at from oldest
  )
  select found.* from (select uuid from turn order by at nulls first, received_at) turn cross join lateral (
    select ${facts} from job where job.uuid = turn.uuid and num_nonnulls(waits_since) = 1 for no key update skip locked
  ) found
  limit 1`);

const beganJob = new PreparedStatement(`
  update job set driver = $2, lease_until = now() + make_interval(secs => $3::float8), started_at = now(),
                 waits_for = null, waits_since = null, look_at = null
  where uuid = $1`);

const untilNextLook = new PreparedStatement<{ ms: number | null }>(
  `select extract(epoch from min(look_at) - now())::float8 * 1000 as ms from job where waits_since is not null`,
);

/** What a job waits for, for its user. */
export interface WaitSentence {
  uuid: string;
  waits_for: string;
  since: string;
  /** Until when at most. */
  until: string;
}

const wireTime = (column: string) => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Most jobs get a miner before there is anything to tell. */
const waitSentences = new PreparedStatement<WaitSentence>(`
  select uuid, waits_for, ${wireTime('waits_since')} as since, ${wireTime('waits_until')} as until from job
  where waits_since < now() - interval '500 milliseconds' and facilitator = $1 limit $2`);

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
    const [row] = await nextJob.run(tx.manager, [seen, shapes]);
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
  began(tx: Transaction, uuid: string, driver: string, lease: number): void {
    tx.later(beganJob, [uuid, driver, lease / 1000]);
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

  /** What those of a facilitator's jobs wait for that have waited for half a second, at most so many. */
  sentencesFor(facilitator: string, most: number): Promise<WaitSentence[]> {
    return waitSentences.run(this.database.manager, [facilitator, most]);
  }

  /** When the first of them is to be looked at without a ring. @returns how long from now; null: none waits. @unit ms */
  async untilNextLook(): Promise<number | null> {
    const [next] = await untilNextLook.run(this.database.manager);
    return next!.ms;
  }
}

type WaitingRow = Omit<WaitingJob, 'wanted' | 'shape'> & { wanted: string };

const read = ({ wanted: shape, ...row }: WaitingRow): WaitingJob => ({
  ...row,
  shape,
  wanted: readWanted(shape),
});
