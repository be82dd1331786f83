import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { MinerSettings } from '../settings.ts';
import { Validator } from './validator.entity.ts';

/** How old the blacklist may be that a job is checked against. @unit ms */
const blacklistLife = 1_000;

/** The validators that the miner knows. */
@Injectable()
export class Validators {
  private blacklist: { hotkeys: Promise<Set<string>>; at: number } = {
    hotkeys: Promise.resolve(new Set()),
    at: -Infinity,
  };

  constructor(
    private readonly database: Database,
    private readonly settings: MinerSettings,
  ) {}

  /** A known validator; null when the hotkey is none. A local miner knows the one of its settings only. */
  async find(hotkey: string): Promise<Validator | null> {
    if (this.settings.isLocalMiner && hotkey !== this.settings.localMinerValidator) return null;
    return this.database.manager.findOneBy(Validator, { hotkey });
  }

  /**
   * Makes the table say what the chain says: these hotkeys are validators, all others are no longer active, but for
   * those added by hand.
   */
  async replace(hotkeys: string[]): Promise<void> {
    await this.database.manager.query(
      `with listed as (
         insert into validator (hotkey, active) select distinct unnest($1::text[]), true
         on conflict (hotkey) do update set active = true where not validator.active
       )
       update validator set active = false
       where active and not debug and not (hotkey = any ($1::text[]))`,
      [hotkeys],
    );
  }

  /** Adds a validator by hand; it stays active whatever the chain says. */
  async addDebug(hotkey: string): Promise<void> {
    await this.database.manager.query(
      `insert into validator (hotkey, active, debug) values ($1, true, true)
       on conflict (hotkey) do update set active = true, debug = true`,
      [hotkey],
    );
  }

  /** Forgets a validator that was added by hand. */
  async removeDebug(hotkey: string): Promise<void> {
    await this.database.manager.query('delete from validator where hotkey = $1 and debug', [hotkey]);
  }

  /** Declines the jobs of a validator from now on, or no longer. One that nobody knows yet may be named, too. */
  async setBlacklisted(hotkey: string, blacklisted: boolean): Promise<void> {
    await this.database.manager.query(
      `insert into validator (hotkey, active, blacklisted) values ($1, false, $2)
       on conflict (hotkey) do update set blacklisted = excluded.blacklisted`,
      [hotkey, blacklisted],
    );
    this.blacklist.at = -Infinity;
  }

  /** Whether the operator has blacklisted a validator. What another process has changed counts within a second. */
  async isBlacklisted(hotkey: string): Promise<boolean> {
    if (performance.now() - this.blacklist.at >= blacklistLife) {
      this.blacklist = { hotkeys: this.readBlacklist(), at: performance.now() };
    }
    return (await this.blacklist.hotkeys).has(hotkey);
  }

  private async readBlacklist(): Promise<Set<string>> {
    const rows = await this.database.manager.query<{ hotkey: string }[]>(
      'select hotkey from validator where blacklisted',
    );
    return new Set(rows.map(({ hotkey }) => hotkey));
  }

  /** Remembers that this validator signs its job messages. */
  async markSigning(hotkey: string): Promise<void> {
    await this.database.manager.query(
      `insert into validator (hotkey, active, has_signed) values ($1, false, true)
       on conflict (hotkey) do update set has_signed = true`,
      [hotkey],
    );
  }
}
