import { Injectable } from '@nestjs/common';
import { Database, GatheredBell } from '@horde/database';
import { recordChange } from '@horde/panel-server';

/** The validators that this facilitator knows. Those that left the chain stay, inactive: their jobs name them. */
@Injectable()
export class ValidatorDirectory {
  constructor(
    private readonly database: Database,
    private readonly bell: GatheredBell,
  ) {}

  async isActive(hotkey: string): Promise<boolean> {
    const rows: unknown[] = await this.database.manager.query(
      'select from validator where hotkey = $1 and active',
      [hotkey],
    );
    return rows.length > 0;
  }

  /** Activates exactly these, and those that were pinned. Returns the hotkeys that were active until now. */
  async replace(hotkeys: string[]): Promise<string[]> {
    return this.database.transaction(async (tx) => {
      const { manager } = tx;
      tx.afterCommit(() => this.bell.ring('validators'));
      await manager.query(
        `insert into validator as known (hotkey, active) select unnest($1::text[]), true
         on conflict (hotkey) do update set active = true where not known.active`,
        [hotkeys.toSorted()], // two replicas that do this at once take the rows in the same order
      );
      const [rows] = (await manager.query(
        `update validator set active = false where active and not pinned and not hotkey = any($1) returning hotkey`,
        [hotkeys],
      )) as [{ hotkey: string }[], number];
      return rows.map(({ hotkey }) => hotkey);
    });
  }

  /**
   * Remembers whether a validator is of the oldest generation, which reads jobs in a form of its own. Returns true when
   * it is, and was not known to be until now.
   */
  async noteGeneration(hotkey: string, isOldest: boolean): Promise<boolean> {
    const [, changed] = (await this.database.manager.query(
      'update validator set oldest_generation = $2 where hotkey = $1 and oldest_generation <> $2',
      [hotkey, isOldest],
    )) as [unknown[], number];
    return isOldest && changed > 0;
  }

  /** Adds a validator by hand: it stays active whatever the chain says. */
  async pin(hotkey: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      tx.afterCommit(() => this.bell.ring('validators'));
      const [before = null] = await tx.manager.query<{ active: boolean; pinned: boolean }[]>(
        'select active, pinned from validator where hotkey = $1 for update',
        [hotkey],
      );
      if (before?.active && before.pinned) return;
      await tx.manager.query(
        `insert into validator (hotkey, active, pinned) values ($1, true, true)
         on conflict (hotkey) do update set active = true, pinned = true`,
        [hotkey],
      );
      const after = { active: true, pinned: true };
      await recordChange(tx, { by: null, action: 'let a validator in', subject: hotkey, before, after });
    });
  }
}
