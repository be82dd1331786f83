import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { redact } from '@horde/operations';
import type { PanelBlacklistEntry } from '@horde/panel-api';
import { timeText } from '@horde/panel-server';

/** Which miners get no jobs now. */
@Injectable()
export class BlacklistEntries {
  constructor(private readonly database: Database) {}

  /** @param only of this miner @default of all, the newest first */
  async read(only: string | null = null): Promise<PanelBlacklistEntry[]> {
    const entries = await this.database.manager.query<PanelBlacklistEntry[]>(
      `select concat_ws(' ', hotkey, reason) as id, hotkey, reason, details, ${timeText('blacklisted_at')} as blacklisted_at,
         ${timeText('expires_at')} as expires_at
       from blacklisted_miner
       where ($1::text is null or hotkey = $1) and (expires_at is null or expires_at > now())
       order by blacklisted_miner.blacklisted_at desc, hotkey, reason`,
      [only],
    );
    return entries.map((entry) => ({ ...entry, details: redact(entry.details) }));
  }
}
