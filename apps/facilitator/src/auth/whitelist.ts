import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';

/** The hotkeys whose owners may use this facilitator. */
@Injectable()
export class Whitelist {
  constructor(private readonly database: Database) {}

  async has(hotkey: string): Promise<boolean> {
    const rows: unknown[] = await this.database.manager.query(
      'select from hotkey_whitelist where ss58_address = $1',
      [hotkey],
    );
    return rows.length > 0;
  }

  /** Does nothing when it is there already. */
  async add(hotkey: string): Promise<void> {
    await this.database.manager.query(
      'insert into hotkey_whitelist (ss58_address) values ($1) on conflict do nothing',
      [hotkey],
    );
  }
}
