import { Injectable } from '@nestjs/common';
import { Database, GatheredBell, type Transaction } from '@horde/database';
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
  async add(hotkey: string, by: Author): Promise<void> {
    await this.database.transaction((tx) => this.insert(tx, hotkey, by, 'whitelist a hotkey'));
  }

  /** As `add`, with one of another validator of this operator. @returns false when it is here already */
  takeOver(tx: Transaction, hotkey: string): Promise<boolean> {
    return this.insert(tx, hotkey, null, 'take over a whitelisted hotkey');
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

  private async insert(tx: Transaction, hotkey: string, by: Author, action: string): Promise<boolean> {
    const added = await tx.manager.query<unknown[]>(
      'insert into whitelisted_hotkey (hotkey) values ($1) on conflict do nothing returning 1',
      [hotkey],
    );
    if (added.length === 0) return false;
    await recordChange(tx, { by, action, subject: hotkey, before: null, after: {} });
    tx.afterCommit(() => this.bell.ring('whitelist'));
    return true;
  }
}
