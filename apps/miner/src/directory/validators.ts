import { Injectable } from '@nestjs/common';
import { Database, GatheredBell, type Transaction } from '@horde/database';
import { recordChange, type Author } from '@horde/panel-server';
import { MinerSettings } from '../settings.ts';
import { Validator } from './validator.entity.ts';

/** How old what is known of the validators may be when a job is checked. @unit ms */
const standingsLife = 1_000;

/** What is said of a validator. */
export type Standing = Pick<Validator, 'active' | 'debug' | 'blacklisted'>;

/** Who may have jobs run here. */
interface Standings {
  active: Set<string>;
  blacklisted: Set<string>;
}

/** The validators that the miner knows. */
@Injectable()
export class Validators {
  private standings: { read: Promise<Standings> | null; at: number } = { read: null, at: -Infinity };
  /** Whom the chain listed at its last reading; null before the first. */
  private lastListed: Set<string> | null = null;

  constructor(
    private readonly database: Database,
    private readonly settings: MinerSettings,
    private readonly bell: GatheredBell,
  ) {}

  /** A known validator; null when the hotkey is none. A local miner knows the one of its settings only. */
  async find(hotkey: string): Promise<Validator | null> {
    if (this.settings.isLocalMiner && hotkey !== this.settings.localMinerValidator) return null;
    return this.database.manager.findOneBy(Validator, { hotkey });
  }

  /**
   * Takes over a reading of the chain: these hotkeys are validators. One that is missing here and was missing in the reading
   * before is no longer active, unless it was added by hand. A reading that lists nobody proves nothing, and is passed over.
   * @returns false when it was, and somebody would have been affected
   */
  async update(hotkeys: string[]): Promise<boolean> {
    if (hotkeys.length === 0)
      return !(await this.database.manager.existsBy(Validator, { active: true, debug: false }));
    const listed = new Set(hotkeys);
    const before = this.lastListed;
    this.lastListed = listed;
    const staying = before ? [...listed, ...before] : null;
    await this.database.manager.query(
      `with listed as (
         insert into validator (hotkey, active) select distinct unnest($1::text[]), true
         on conflict (hotkey) do update set active = true where not validator.active
       )
       update validator set active = false, inactive_since = now()
       where active and not debug and $2::text[] is not null and not (hotkey = any ($2::text[]))`,
      [hotkeys, staying],
    );
    this.bell.ring('validators');
    this.standings.at = -Infinity;
    return true;
  }

  /** Adds a validator for the service itself; it stays active whatever the chain says. */
  async addDebug(hotkey: string): Promise<void> {
    await this.database.manager.query(
      `insert into validator (hotkey, active, debug) values ($1, true, true)
       on conflict (hotkey) do update set active = true, debug = true`,
      [hotkey],
    );
  }

  /** Forgets a validator that was added so. */
  async removeDebug(hotkey: string): Promise<void> {
    await this.database.manager.query('delete from validator where hotkey = $1 and debug', [hotkey]);
  }

  /** Makes a validator active whatever the chain says, or leaves that to the chain again, which soon has its say. */
  setByHand(hotkey: string, byHand: boolean, by: Author = null): Promise<void> {
    return this.change(hotkey, byHand ? { active: true, debug: true } : { debug: false }, {
      by,
      action: byHand ? 'add a validator by hand' : 'leave a validator to the chain',
    });
  }

  /** Declines the jobs of a validator from now on, or no longer. One that nobody knows yet may be named, too. */
  setBlacklisted(hotkey: string, blacklisted: boolean, by: Author = null): Promise<void> {
    const action = blacklisted ? 'blacklist a validator' : 'take a validator off the blacklist';
    return this.change(hotkey, { blacklisted }, { by, action });
  }

  /** Adds what another miner of this operator knew of a validator. @returns whether anything has changed */
  async takeOver(
    tx: Transaction,
    hotkey: string,
    { active, debug, blacklisted }: Standing,
  ): Promise<boolean> {
    const changed = await tx.manager.query<unknown[]>(
      `insert into validator as known (hotkey, active, debug, blacklisted) values ($1, $2, $3, $4)
       on conflict (hotkey) do update
       set active = known.active or $2, debug = known.debug or $3, blacklisted = known.blacklisted or $4
       where (known.active, known.debug, known.blacklisted)
         <> (known.active or $2, known.debug or $3, known.blacklisted or $4)
       returning 1`,
      [hotkey, active, debug, blacklisted],
    );
    if (changed.length === 0) return false;
    if (debug || blacklisted)
      await recordChange(tx, {
        by: null,
        action: 'take over a validator',
        subject: hotkey,
        before: null,
        after: { active, debug, blacklisted },
      });
    tx.afterCommit(() => this.bell.ring('validators'));
    return true;
  }

  private async change(
    hotkey: string,
    change: Partial<Standing>,
    record: { by: Author; action: string },
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [before = null] = await tx.manager.query<Standing[]>(
        'select active, debug, blacklisted from validator where hotkey = $1 for update',
        [hotkey],
      );
      const next = { active: false, debug: false, blacklisted: false, ...before, ...change };
      await tx.manager.query(
        `insert into validator (hotkey, active, debug, blacklisted) values ($1, $2, $3, $4)
         on conflict (hotkey) do update set active = $2, debug = $3, blacklisted = $4`,
        [hotkey, next.active, next.debug, next.blacklisted],
      );
      await recordChange(tx, { ...record, subject: hotkey, before, after: next });
      tx.afterCommit(() => this.bell.ring('validators'));
    });
    this.standings.at = -Infinity;
  }

  /** Whether the operator has blacklisted a validator. What another process has changed counts within a second. */
  async isBlacklisted(hotkey: string): Promise<boolean> {
    return (await this.currentStandings()).blacklisted.has(hotkey);
  }

  /** Whether a validator may have jobs run here. That it may not counts within a second, that it may at once. */
  async isActive(hotkey: string): Promise<boolean> {
    if (this.settings.debugTurnAuthenticationOff) return true;
    if ((await this.currentStandings()).active.has(hotkey)) return true;
    this.standings.at = -Infinity;
    return (await this.currentStandings()).active.has(hotkey);
  }

  private currentStandings(): Promise<Standings> {
    const { read, at } = this.standings;
    if (read && performance.now() - at < standingsLife) return read;
    const fresh = this.readStandings();
    this.standings = { read: fresh, at: performance.now() };
    fresh.catch(() => (this.standings.at = -Infinity));
    return fresh;
  }

  private async readStandings(): Promise<Standings> {
    const rows = await this.database.manager.query<Pick<Validator, 'hotkey' | 'active' | 'blacklisted'>[]>(
      'select hotkey, active, blacklisted from validator where active or blacklisted',
    );
    const those = (which: 'active' | 'blacklisted') =>
      new Set(rows.filter((row) => row[which]).map(({ hotkey }) => hotkey));
    return { active: those('active'), blacklisted: those('blacklisted') };
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
