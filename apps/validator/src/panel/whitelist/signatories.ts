import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import type { PanelSignatory } from '@horde/panel-api';
import { timeText } from '@horde/panel-server';

/** Whose jobs this validator drives. */
@Injectable()
export class Signatories {
  constructor(
    private readonly database: Database,
    private readonly keypair: Keypair,
  ) {}

  /** The validator's own hotkey, and those of the whitelist, the newest first. @param only this one @default all */
  read(only: string | null = null): Promise<PanelSignatory[]> {
    return this.database.manager.query(
      `select hotkey, ${timeText('created_at')} as since, coalesce(count, 0)::integer as unfinished_jobs
       from (
         select hotkey, created_at from whitelisted_hotkey where hotkey <> $1 union all select $1, null
       ) signatory
       left join (
         select signatory as hotkey, count(*) from job where ended_at is null group by signatory
       ) unfinished using (hotkey)
       where $2::text is null or hotkey = $2
       order by created_at desc nulls first, hotkey`,
      [this.keypair.address, only],
    );
  }
}
