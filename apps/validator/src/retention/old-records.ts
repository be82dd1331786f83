import { Inject, Injectable } from '@nestjs/common';
import { Database, inBatches } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';

/**
 * How long ended jobs with their requests, results and messages, and receipts are kept, as in ComputeHorde. A cycle is
 * scored within 1,442 blocks of its start, by receipts of jobs that began up to 330 blocks before: six hours. @unit ms
 */
export const keptFor = 2 * 86_400_000;
/** How long incidents are kept: the longest time that routing can be told to look back. @unit ms */
export const incidentsKeptFor = 30 * 86_400_000;
/** How many are removed in one statement: each job may hold megabytes. */
const batch = 500;

/** Removes jobs, receipts and events that are older than two days, weights and what miners have done when older than thirty, and miners that are gone. */
@Injectable()
export class OldRecords {
  constructor(
    private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Jobs that have not ended stay, whatever their age. */
  async remove(): Promise<void> {
    const receipts = await this.all(
      `delete from receipt where ctid = any (array(
         select ctid from receipt where created_at < now() - make_interval(secs => $1)
         and not exists (
           select from attempt join job on job.uuid = attempt.job_uuid
           where attempt.uuid = receipt.job_uuid and job.ended_at is null
         ) limit $2
       )) returning 1`,
    );
    const incidents = await this.all(
      `delete from miner_incident where ctid = any (array(
         select ctid from miner_incident where at < now() - make_interval(secs => $1) limit $2
       )) returning 1`,
      incidentsKeptFor,
    );
    for (const [table, since] of [
      ['cheat_report', 'reported_at'],
      ['slashing', 'created_at'],
    ])
      await this.all(
        `delete from ${table} where ctid = any (array(
           select ctid from ${table} where ${since} < now() - make_interval(secs => $1) limit $2
         )) returning 1`,
        incidentsKeptFor,
      );
    await this.all(
      `delete from blacklisted_miner where ctid = any (array(
         select ctid from blacklisted_miner where expires_at < now() - make_interval(secs => $1) limit $2
       )) returning 1`,
    );
    // With a job go its updates that are still to be sent: who has not taken it in two days will not.
    const jobs = await this.all(
      `with gone as (
         delete from job where uuid = any (array(
           select uuid from job where ended_at < now() - make_interval(secs => $1) order by ended_at limit $2
         )) returning uuid
       ), names as (
         select uuid from gone union select attempt.uuid from attempt join gone on gone.uuid = job_uuid
       ), untold as (
         delete from outbox using names where subject = names.uuid::text
       )
       select from gone`,
    );
    // Sent or not: a collector that is away for two days does not fill the disk.
    const events = await this.all(
      `delete from system_event where id = any (array(
         select id from system_event where at < now() - make_interval(secs => $1) order by at limit $2
       )) returning 1`,
    );
    // They have left the chain, and what they offered has been taken back.
    await this.database.manager.query(
      `delete from miner where ip is null
       and not exists (select from miner_answer where miner_answer.hotkey = miner.hotkey)
       and not exists (select from miner_manifest where miner_manifest.hotkey = miner.hotkey)`,
    );
    // Small, and what an operator is asked about weeks later.
    for (const table of ['cycle_weights', 'main_hotkey'])
      await this.database.manager.query(`delete from ${table} where created_at < now() - interval '30 days'`);
    if (receipts + incidents + jobs + events > 0)
      this.logger.info({ receipts, incidents, jobs, events }, 'old records were removed');
  }

  /** Repeats a statement until nothing is left. @param age of what is old. @unit ms @returns how many it found */
  private all(sql: string, age = keptFor): Promise<number> {
    return inBatches(batch, async (most) =>
      countOf(await this.database.manager.query<unknown>(sql, [age / 1_000, most])),
    );
  }
}

/** Of a delete TypeORM answers with the rows and their count, of a select with the rows. */
const countOf = (result: unknown): number => {
  const rows = result as unknown[];
  return Array.isArray(rows[0]) ? rows[0].length : rows.length;
};
