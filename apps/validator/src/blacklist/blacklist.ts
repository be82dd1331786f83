import { Injectable } from '@nestjs/common';
import { Database, GatheredBell, type Transaction } from '@horde/database';
import { recordChange, type Author } from '@horde/panel-server';
import type { EntityManager } from 'typeorm';
import { JobBell } from '../jobs/job-bell.ts';
import { BlacklistedMiner, type BlacklistReason } from './blacklisted-miner.entity.ts';

/** A hundred years: the database has no times that are much later. */
export const maxHours = 876_000;

/** The miners that get no jobs. Nothing but routing looks at it. */
@Injectable()
export class Blacklist {
  constructor(
    private readonly database: Database,
    private readonly bell: JobBell,
    private readonly shown: GatheredBell,
  ) {}

  /**
   * Puts a miner on the list, or renews its entry for this reason.
   *
   * @param details what happened, for people
   * @param seconds for how long; null: until it is taken off; 0: not at all
   */
  async add(
    tx: Transaction,
    hotkey: string,
    reason: BlacklistReason,
    details: string,
    seconds: number | null,
  ): Promise<void> {
    if (seconds === 0) return;
    await tx.manager.query(
      `insert into blacklisted_miner (hotkey, reason, details, expires_at)
       values ($1, $2, $3, now() + make_interval(secs => $4))
       on conflict (hotkey, reason) do update
       set details = excluded.details, blacklisted_at = excluded.blacklisted_at, expires_at = excluded.expires_at`,
      [hotkey, reason, details, seconds],
    );
    tx.afterCommit(() => this.shown.ring('blacklist'));
  }

  /** Puts an entry of another validator of this operator on the list. @returns false when there is one for this reason */
  async takeOver(tx: Transaction, entry: BlacklistedMiner): Promise<boolean> {
    const { hotkey, reason, details, blacklisted_at, expires_at } = entry;
    const rows = await tx.manager.query<unknown[]>(
      `insert into blacklisted_miner (hotkey, reason, details, blacklisted_at, expires_at) values ($1, $2, $3, $4, $5)
       on conflict do nothing returning 1`,
      [hotkey, reason, details, blacklisted_at, expires_at],
    );
    if (rows.length === 0) return false;
    const after = { [reason]: { details, until: expires_at } };
    await recordChange(tx, {
      by: null,
      action: 'take over a blacklisted miner',
      subject: hotkey,
      before: null,
      after,
    });
    tx.afterCommit(() => this.shown.ring('blacklist'));
    return true;
  }

  /** An operator's own entry. @param hours for how long; null: until it is taken off */
  addByHand(hotkey: string, because: string, hours: number | null, by: Author): Promise<void> {
    return this.database.transaction(async (tx) => {
      const before = await this.reasonsOf(tx.manager, hotkey);
      await this.add(tx, hotkey, 'MANUAL', because, hours === null ? null : hours * 3_600);
      const after = await this.reasonsOf(tx.manager, hotkey);
      await recordChange(tx, { by, action: 'blacklist a miner', subject: hotkey, before, after });
    });
  }

  /** Takes a miner off the list, whatever it was on it for: waiting jobs may go there. @returns whether it was on it */
  remove(hotkey: string, by: Author): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      this.bell.ring(tx);
      tx.afterCommit(() => this.shown.ring('blacklist'));
      const before = await this.reasonsOf(tx.manager, hotkey);
      if (!before) return false;
      await tx.manager.delete(BlacklistedMiner, { hotkey });
      await recordChange(tx, { by, action: 'unblacklist a miner', subject: hotkey, before, after: null });
      return true;
    });
  }

  /** Who is on the list now, the newest entry first. */
  async all(): Promise<BlacklistedMiner[]> {
    return this.database.manager
      .createQueryBuilder(BlacklistedMiner, 'entry')
      .where('expires_at is null or expires_at > now()')
      .orderBy('blacklisted_at', 'DESC')
      .getMany();
  }

  /** What a miner is on the list for, and until when; null: it is not on it. */
  private async reasonsOf(manager: EntityManager, hotkey: string): Promise<object | null> {
    const entries = await manager.findBy(BlacklistedMiner, { hotkey });
    if (entries.length === 0) return null;
    return Object.fromEntries(
      entries.map(({ reason, details, expires_at }) => [reason, { details, until: expires_at }]),
    );
  }
}
