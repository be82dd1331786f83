import { Injectable } from '@nestjs/common';
import { Database, GatheredBell } from '@horde/database';
import { recordChange, type Author } from '@horde/panel-server';
import { WhitelistedHotkey } from './whitelisted-hotkey.entity.ts';

/** What operators change of the whitelist. */
@Injectable()
export class WhitelistChanges {
  constructor(
    private readonly database: Database,
    private readonly bell: GatheredBell,
  ) {}

  /** Takes the jobs that a hotkey signs, from now on. */
  add(hotkey: string, by: Author): Promise<void> {
    return this.database.transaction(async (tx) => {
      const added = await tx.manager.query<unknown[]>(
        'insert into whitelisted_hotkey (hotkey) values ($1) on conflict do nothing returning 1',
        [hotkey],
      );
      if (added.length === 0) return;
      await recordChange(tx, { by, action: 'whitelist a hotkey', subject: hotkey, before: null, after: {} });
      tx.afterCommit(() => this.bell.ring('whitelist'));
    });
  }

  /** Takes no more of its jobs. @returns whether it was on the list */
  remove(hotkey: string, by: Author): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const { affected } = await tx.manager.delete(WhitelistedHotkey, { hotkey });
      if (affected === 0) return false;
      await recordChange(tx, {
        by,
        action: 'take a hotkey off the whitelist',
        subject: hotkey,
        before: {},
        after: null,
      });
      tx.afterCommit(() => this.bell.ring('whitelist'));
      return true;
    });
  }
}
