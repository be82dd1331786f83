import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { MinerValidator } from '@horde/panel-api';
import { ValidatorDelivery } from '../validators/validator-delivery.ts';

/** So many are listed. */
const most = 1_000;

/** The validators that the miner knows, and what they have had it do. */
@Injectable()
export class ValidatorList {
  constructor(
    private readonly database: Database,
    private readonly delivery: ValidatorDelivery,
  ) {}

  /** Those that are connected first. @param only this one @default all */
  async read(only: string | null = null): Promise<MinerValidator[]> {
    const rows = await this.database.manager.query<Omit<MinerValidator, 'connections'>[]>(
      `select hotkey, active, debug as by_hand, blacklisted, has_signed as signs,
         count(uuid) filter (where ended_at is null)::int as unfinished_jobs,
         count(uuid) filter (where status = 'completed')::int as completed,
         count(uuid) filter (where status in ('failed', 'horde_failed'))::int as failed,
         count(uuid) filter (where status = 'rejected')::int as declined
       from validator left join (
         select uuid, validator_hotkey, status, ended_at from job where ended_at is null
         union all
         select uuid, validator_hotkey, status, ended_at from job where ended_at > now() - interval '24 hours'
       ) recent on validator_hotkey = hotkey
       where $1::text is null or hotkey = $1
       group by hotkey order by active desc, hotkey limit ${most}`,
      [only],
    );
    const connected = this.delivery.connections();
    const validators = rows.map((row) => ({ ...row, connections: connected.get(row.hotkey)?.length ?? 0 }));
    return validators.sort((a, b) => b.connections - a.connections);
  }
}
