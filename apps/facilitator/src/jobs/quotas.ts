import { Injectable } from '@nestjs/common';
import { Database, PreparedStatement, type Transaction } from '@horde/database';
import { errors, isTerminal, JobStatus } from '@horde/protocol';
import { comeAgain } from '@horde/rest';
import type { EntityManager } from 'typeorm';
import { FacilitatorSettings } from '../settings.ts';

/** How many creations may be stored at the same moment: as many connections as all replicas have together. */
export const atOnce = 100;
/** When to try again while too many jobs run: nobody knows when the first of them ends. @unit seconds */
const pauseWhileFull = 10;

const unfinished = JobStatus.filter((status) => !isTerminal(status));

/** What a hotkey may do, and what it does; a limit of 0 is none, and what it is about is not counted. */
interface Usage {
  unfinished: number;
  maxUnfinished: number;
  /** Jobs that were created within the last minute. */
  created: number;
  maxCreated: number;
}

/** In SQL: $1 is the hotkey, $2 and $3 are the limits of the settings, $4 the statuses of jobs that have not ended. */
const usageNow = `with quota as (
     select coalesce(max(max_unfinished_jobs), $2::integer) as unfinished,
       coalesce(max(max_creations_per_minute), $3::integer) as created
     from hotkey_whitelist where ss58_address = $1
   )
   select unfinished as "maxUnfinished", created as "maxCreated",
     case when unfinished = 0 then 0 else (
       select count(*)::integer from job where hotkey = $1 and status = any ($4)
     ) end as unfinished,
     case when created = 0 then 0 else (
       select count(*)::integer from job
       where hotkey = $1 and created_at > statement_timestamp() - interval '1 minute'
     ) end as created
   from quota`;

const usage = new PreparedStatement<Usage>(usageNow);

/** How many more jobs the hotkey may create now, in SQL with the parameters of `usageNow`; null: any number. */
export const roomNow = `(
  select least(
    case when "maxUnfinished" > 0 then "maxUnfinished" - unfinished end,
    case when "maxCreated" > 0 then "maxCreated" - created end
  ) from (${usageNow}) now
)`;

/** How many jobs a hotkey may have unfinished at once, and create in a minute: at all replicas together. */
@Injectable()
export class Quotas {
  constructor(
    private readonly database: Database,
    private readonly settings: FacilitatorSettings,
  ) {}

  /** @throws Refusal 429 when this hotkey may not create a job now: which limit, how much is used, when to come again */
  async check(hotkey: string): Promise<void> {
    await this.refuseAbove(this.database.manager, hotkey, await this.usage(this.database.manager, hotkey));
  }

  /**
   * As `check`, for a job that the transaction creates. Near a limit, creations of a hotkey wait for each other: those that
   * are not committed are not counted.
   */
  async enter({ manager }: Transaction, hotkey: string): Promise<void> {
    let now = await this.usage(manager, hotkey);
    if (roomOf(now) > atOnce) return;
    await manager.query(`select pg_advisory_xact_lock(hashtextextended('creations of ' || $1::text, 0))`, [
      hotkey,
    ]);
    now = await this.usage(manager, hotkey);
    await this.refuseAbove(manager, hotkey, now);
  }

  private async refuseAbove(manager: EntityManager, hotkey: string, now: Usage): Promise<void> {
    if (roomOf(now) > 0) return;
    if (now.maxUnfinished > 0 && now.unfinished >= now.maxUnfinished) {
      const error = errors.TOO_MANY_UNFINISHED_JOBS(now.unfinished, now.maxUnfinished);
      throw comeAgain(error, pauseWhileFull);
    }
    const [row] = await manager.query<{ wait: number }[]>(
      `select extract(epoch from created_at + interval '1 minute' - statement_timestamp())::float8 as wait
       from job where hotkey = $1 order by created_at desc offset $2 limit 1`,
      [hotkey, now.maxCreated - 1],
    );
    const wait = Math.max(1, Math.ceil(row?.wait ?? 1));
    throw comeAgain(errors.TOO_MANY_CREATIONS(now.created, now.maxCreated, wait), wait);
  }

  /** The parameters of `roomNow`. */
  parametersFor(hotkey: string): unknown[] {
    return [hotkey, this.settings.maxUnfinishedJobs, this.settings.maxCreationsPerMinute, unfinished];
  }

  private async usage(manager: EntityManager, hotkey: string): Promise<Usage> {
    const [row] = await usage.run(manager, this.parametersFor(hotkey));
    return row!;
  }
}

/** How many more jobs may be created now. */
const roomOf = ({ unfinished, maxUnfinished, created, maxCreated }: Usage): number =>
  Math.min(
    maxUnfinished === 0 ? Infinity : maxUnfinished - unfinished,
    maxCreated === 0 ? Infinity : maxCreated - created,
  );
