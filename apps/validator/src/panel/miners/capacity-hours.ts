import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelCapacityHour } from '@horde/panel-api';
import { timeText } from '@horde/panel-server';

const day = `interval '24 hours'`;
const hour = `interval '1 hour'`;

/**
 * The executor-seconds in each hour of the last day, as `seconds`, of what is busy from `began` to `ended`. Whatever a
 * stranger's receipt says of its times, only the last day is looked at.
 */
const perHour = (busy: string): string => `
  select at, sum(extract(epoch from least(ended, at + ${hour}) - greatest(began, at)))::float8 as seconds
  from (
    select greatest(began, date_trunc('hour', now()) - ${day} + ${hour}) as began, least(ended, now()) as ended
    from (${busy}) busy
  ) within cross join lateral generate_series(date_trunc('hour', began), ended, ${hour}) at
  where began < ended group by at`;

const own = `
  select started_at as began, coalesce(ended_at, now()) as ended from attempt
  where miner_hotkey = $1 and (ended_at is null or ended_at > now() - ${day})
    and coalesce(outcome, '') not in ('declined', 'refused', 'unreachable')`;

const elsewhere = `
  select started.timestamp as began, finished.timestamp as ended
  from receipt finished join receipt started using (job_uuid, validator_hotkey, miner_hotkey)
  where miner_hotkey = $1 and finished.timestamp > now() - ${day} and validator_hotkey <> $2
    and finished.receipt_type = 'JobFinishedReceipt' and started.receipt_type = 'JobStartedReceipt'`;

/** What the newest block of an hour says that the miner offered, of all classes together. */
const offered = `
  select sum(count)::integer from (
    select distinct on (executor_class) count from manifest_change
    where miner_hotkey = $1 and block <= (
      select max(number) from allowance_block where allowance_block.at < hours.at + ${hour}
    )
    order by executor_class, block desc
  ) newest`;

/** How many executors a miner offered, and how many of them were busy, hour by hour. */
@Injectable()
export class CapacityHours {
  constructor(private readonly database: Database) {}

  /** Of the last 24 hours, the oldest first. @param self the validator whose own jobs are told apart */
  async of(hotkey: string, self: string): Promise<PanelCapacityHour[]> {
    return this.database.manager.query(
      `select * from (
         select ${timeText('hours.at')} as hour, (${offered}) as offered,
           coalesce(own.seconds, 0) / elapsed as busy, coalesce(elsewhere.seconds, 0) / elapsed as busy_elsewhere
         from (
           select at, greatest(1, extract(epoch from least(at + ${hour}, now()) - at))::float8 as elapsed
           from generate_series(date_trunc('hour', now()) - ${day} + ${hour}, now(), ${hour}) at
         ) hours
         left join (${perHour(own)}) own on own.at = hours.at
         left join (${perHour(elsewhere)}) elsewhere on elsewhere.at = hours.at
       ) told where offered is not null or busy > 0 or busy_elsewhere > 0 order by hour`,
      [hotkey, self],
    );
  }
}
