import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { MinerValidator } from '@horde/panel-api';
import { LastHours, timeText } from '@horde/panel-server';
import { ValidatorDelivery } from '../validators/validator-delivery.ts';

/** So many are listed. */
const most = 1_000;

/** How jobs of a validator have ended within an hour. */
interface EndedJobs {
  hour: string;
  hotkey: string;
  completed: number;
  failed: number;
  declined: number;
}

/** The validators that the miner knows, and what they have had it do. */
@Injectable()
export class ValidatorList {
  private readonly ended = new LastHours<EndedJobs>((hours) => this.endedIn(hours));

  constructor(
    private readonly database: Database,
    private readonly delivery: ValidatorDelivery,
  ) {}

  /** Those that are connected first. @param only this one @default all */
  async read(only: string | null = null): Promise<MinerValidator[]> {
    const rows = await this.database.manager.query<
      Omit<MinerValidator, 'connections' | 'completed' | 'failed' | 'declined'>[]
    >(
      `select hotkey, active, debug as by_hand, blacklisted, has_signed as signs,
         (select count(*)::int from job where validator_hotkey = hotkey and ended_at is null) as unfinished_jobs
       from validator where $1::text is null or hotkey = $1 order by active desc, hotkey limit ${most}`,
      [only],
    );
    const hours = await this.ended.read();
    const connected = this.delivery.connections();
    const validators = rows.map((row) => {
      const its = hours.filter(({ hotkey }) => hotkey === row.hotkey);
      const sum = (of: (hour: EndedJobs) => number) => its.reduce((all, hour) => all + of(hour), 0);
      return {
        ...row,
        completed: sum(({ completed }) => completed),
        failed: sum(({ failed }) => failed),
        declined: sum(({ declined }) => declined),
        connections: connected.get(row.hotkey)?.length ?? 0,
      };
    });
    return validators.sort((a, b) => b.connections - a.connections);
  }

  private endedIn(hours: Date[]): Promise<EndedJobs[]> {
    return this.database.manager.query(
      `select ${timeText('one.hour')} as hour, validator_hotkey as hotkey,
         count(*) filter (where status = 'completed')::int as completed,
         count(*) filter (where status in ('failed', 'horde_failed'))::int as failed,
         count(*) filter (where status = 'rejected')::int as declined
       from unnest($1::timestamptz[]) one (hour)
       join job on ended_at >= one.hour and ended_at < one.hour + interval '1 hour'
       group by one.hour, validator_hotkey`,
      [hours],
    );
  }
}
