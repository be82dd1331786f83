import { Injectable } from '@nestjs/common';
import { Database, GatheredBell, LookUps, PreparedStatement, type Transaction } from '@horde/database';
import { recordChange, type Author } from '@horde/panel-server';

/** What a hotkey may do that differs from the settings; null: what they say; undefined: as it is. 0: any number. */
export interface OwnQuotas {
  maxUnfinishedJobs?: number | null | undefined;
  maxCreationsPerMinute?: number | null | undefined;
}

export interface WhitelistEntry {
  hotkey: string;
  since: Date;
  maxUnfinishedJobs: number | null;
  maxCreationsPerMinute: number | null;
}

const listed = new PreparedStatement<{ hotkey: string }>(
  'select ss58_address as hotkey from hotkey_whitelist where ss58_address = any($1)',
);

/** The hotkeys whose owners may use this facilitator. */
@Injectable()
export class Whitelist {
  private readonly listed = new LookUps(async (hotkeys) => {
    const rows = await listed.run(this.database.manager, [hotkeys]);
    return new Map(rows.map(({ hotkey }) => [hotkey, true]));
  });

  constructor(
    private readonly database: Database,
    private readonly bell: GatheredBell,
  ) {}

  async has(hotkey: string): Promise<boolean> {
    return (await this.listed.get(hotkey)) ?? false;
  }

  /** Lets a hotkey in, or changes what it may do. */
  async add(hotkey: string, quotas: OwnQuotas = {}, by: Author = null): Promise<void> {
    const { maxUnfinishedJobs: unfinished, maxCreationsPerMinute: creations } = quotas;
    await this.database.transaction(async (tx) => {
      tx.afterCommit(() => this.bell.ring('whitelist'));
      await tx.manager.query(`select pg_advisory_xact_lock(hashtext('whitelist'))`);
      const before = await read(tx, hotkey);
      await tx.manager.query(
        `insert into hotkey_whitelist as known (ss58_address, max_unfinished_jobs, max_creations_per_minute)
       values ($1, $2, $3) on conflict (ss58_address) do update set
         max_unfinished_jobs = case when $4 then $2 else known.max_unfinished_jobs end,
         max_creations_per_minute = case when $5 then $3 else known.max_creations_per_minute end`,
        [hotkey, unfinished ?? null, creations ?? null, unfinished !== undefined, creations !== undefined],
      );
      const after = await read(tx, hotkey);
      const action = before ? 'change what a hotkey may do' : 'whitelist a hotkey';
      if (JSON.stringify(before) !== JSON.stringify(after))
        await recordChange(tx, { by, action, subject: hotkey, before, after });
    });
  }

  /** Its tokens count no longer; its jobs go on. @returns false when it was not there */
  remove(hotkey: string, by: Author = null): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      tx.afterCommit(() => this.bell.ring('whitelist'));
      await tx.manager.query(`select pg_advisory_xact_lock(hashtext('whitelist'))`);
      const before = await read(tx, hotkey);
      if (!before) return false;
      await tx.manager.query('delete from hotkey_whitelist where ss58_address = $1', [hotkey]);
      await recordChange(tx, {
        by,
        action: 'take a hotkey off the whitelist',
        subject: hotkey,
        before,
        after: null,
      });
      return true;
    });
  }

  /** All of them, the oldest first. */
  all(): Promise<WhitelistEntry[]> {
    return this.database.manager.query<WhitelistEntry[]>(
      `select ss58_address as hotkey, created_at as since, max_unfinished_jobs as "maxUnfinishedJobs",
         max_creations_per_minute as "maxCreationsPerMinute"
       from hotkey_whitelist order by created_at, ss58_address`,
    );
  }
}

/** What is stored of a hotkey; null: it is not on the whitelist. */
async function read({ manager }: Transaction, hotkey: string): Promise<object | null> {
  const [row] = await manager.query<object[]>(
    'select max_unfinished_jobs, max_creations_per_minute from hotkey_whitelist where ss58_address = $1',
    [hotkey],
  );
  return row ?? null;
}
