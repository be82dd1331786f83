import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { EntityManager } from 'typeorm';
import { JobBell } from '../jobs/job-bell.ts';
import { BlacklistedMiner, type BlacklistReason } from './blacklisted-miner.entity.ts';

/** The miners that get no jobs. Nothing but routing looks at it. */
@Injectable()
export class Blacklist {
  constructor(
    private readonly database: Database,
    private readonly bell: JobBell,
  ) {}

  /**
   * Puts a miner on the list, or renews its entry for this reason.
   *
   * @param details what happened, for people
   * @param seconds for how long; null: until it is taken off; 0: not at all
   */
  async add(
    manager: EntityManager,
    hotkey: string,
    reason: BlacklistReason,
    details: string,
    seconds: number | null,
  ): Promise<void> {
    if (seconds === 0) return;
    await manager.query(
      `insert into blacklisted_miner (hotkey, reason, details, expires_at)
       values ($1, $2, $3, now() + make_interval(secs => $4))
       on conflict (hotkey, reason) do update
       set details = excluded.details, blacklisted_at = excluded.blacklisted_at, expires_at = excluded.expires_at`,
      [hotkey, reason, details, seconds],
    );
  }

  /** Takes a miner off the list, whatever it was on it for: waiting jobs may go there. @returns whether it was on it */
  remove(hotkey: string): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const { affected } = await tx.manager.delete(BlacklistedMiner, { hotkey });
      this.bell.ring(tx);
      return affected !== 0;
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
}
