import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database, GatheredBell, LookUps, PreparedStatement, type Transaction } from '@horde/database';
import type { Extension } from '@horde/protocol';
import { FacilitatorSettings } from '../settings.ts';

/** A validator counts as connected this long after its last heartbeat, as in ComputeHorde. */
export const fresh = `last_heartbeat >= clock_timestamp() - interval '3 minutes'`;
/** A connection without a heartbeat for this long is closed, as in ComputeHorde. */
const abandoned = `last_heartbeat < clock_timestamp() - interval '10 minutes'`;

/** A job that a validator can read is answered at once: one that waits for longer was not understood. */
const unanswered = `type = 'V2JobRequest' and greatest(connected_at, created_at) < clock_timestamp() - interval '30 seconds'`;

/** A validator that was refused is expected to try again within this time. */
const patience = `interval '1 minute'`;

/** What Python's websocket library reads, unless it is told otherwise, and ComputeHorde does not. @unit bytes */
export const maxPythonFrame = 1024 * 1024;

/** Why a validator gets no jobs now. */
export interface Absence {
  isKnown: boolean;
  isActive: boolean;
  /** When it was seen last, ISO 8601; null: never. */
  lastSeen: string | null;
  /** Whether it was refused a moment ago, and is active now: it will be here with its next try. */
  isComing: boolean;
  /** The largest frame that it reads, where it was here a moment ago, as while it restarts; null: it was not. @unit bytes */
  maxFrame: number | null;
}

/** The channel that gets a validator's jobs. */
export interface JobChannel {
  id: string;
  /** The largest frame that the validator reads. @unit bytes */
  maxFrame: number;
  /** What both ends have agreed on for this connection, whichever replica has it. */
  extensions: Extension[];
  /** Whether the validator is known to be of the oldest generation. */
  isOldest: boolean;
}

export interface NewChannel {
  validatorHotkey: string;
  /** The largest frame that the validator reads. @unit bytes */
  maxFrame: number;
  extensions: Extension[];
  /** What the validator says about itself; null: nothing. */
  version: string | null;
  runnerVersion: string | null;
}

/** An active validator, as users see it. */
export interface ListedValidator {
  hotkey: string;
  /** Whether it is connected now. */
  connected: boolean;
  /** What it has said about itself; null: nothing. */
  version: string | null;
}

const newest = new PreparedStatement<JobChannel & { hotkey: string }>(
  `select distinct on (hotkey) hotkey, id, channel.largest_frame as "maxFrame", channel.extensions,
     oldest_generation as "isOldest"
   from channel join validator on hotkey = validator_hotkey
   where validator_hotkey = any($1) and active and ${fresh} order by hotkey, connected_at desc`,
);

/** The connections of validators to all replicas of this service. */
@Injectable()
export class Channels {
  private readonly newestOf = new LookUps<JobChannel>(async (hotkeys) => {
    const rows = await newest.run(this.database.manager, [hotkeys]);
    return new Map(rows.map(({ hotkey, ...channel }) => [hotkey, channel]));
  });

  constructor(
    private readonly database: Database,
    private readonly settings: FacilitatorSettings,
    private readonly bell: GatheredBell,
  ) {}

  /** Returns the channel's id. */
  async open({ validatorHotkey, maxFrame, extensions, version, runnerVersion }: NewChannel): Promise<string> {
    const id = randomUUID();
    await this.database.manager.query(
      `with known as (
         delete from refused_login where hotkey = $2
       ), versions as (
         update validator set version = coalesce($4, version), runner_version = coalesce($5, runner_version),
           extensions = $6, largest_frame = $3
         where hotkey = $2
       )
       insert into channel (id, validator_hotkey, largest_frame, extensions) values ($1, $2, $3, $6)`,
      [id, validatorHotkey, maxFrame, version, runnerVersion, extensions],
    );
    this.bell.ring('validators');
    return id;
  }

  /** Whether a validator has logged in with `login-1`, and has been here within ten minutes. */
  async logsInFreshly(hotkey: string): Promise<boolean> {
    const rows: unknown[] = await this.database.manager.query(
      `select from validator where hotkey = $1 and 'login-1' = any(extensions) and (
         last_seen > clock_timestamp() - interval '10 minutes'
         or exists (select from channel where validator_hotkey = hotkey and not ${abandoned})
       )`,
      [hotkey],
    );
    return rows.length > 0;
  }

  async close(id: string): Promise<void> {
    await this.database.manager.query(
      `with closed as (delete from channel where id = $1 returning validator_hotkey)
       update validator set last_seen = clock_timestamp() from closed where hotkey = validator_hotkey`,
      [id],
    );
    this.bell.ring('validators');
  }

  /** Notes a sign of life. Returns false when the channel must be closed: its validator is no longer active. */
  async beat(id: string): Promise<boolean> {
    const [, count] = (await this.database.manager.query(
      `update channel set last_heartbeat = clock_timestamp() from validator
       where id = $1 and hotkey = validator_hotkey and active`,
      [id],
    )) as [unknown[], number];
    return count > 0;
  }

  /** The channel that gets a validator's jobs: the newest one. null: the validator is not active and connected now. */
  async newest(validatorHotkey: string): Promise<JobChannel | null> {
    return (await this.newestOf.get(validatorHotkey)) ?? null;
  }

  /** The extensions of a validator: those of the connection that gets its jobs, or of its last one while it is away. */
  async spoken({ manager }: Transaction, validatorHotkey: string): Promise<Extension[]> {
    const [row] = await manager.query<{ extensions: Extension[] }[]>(
      `select coalesce(
         (select extensions from channel where validator_hotkey = hotkey and ${fresh} order by connected_at desc limit 1),
         extensions
       ) as extensions from validator where hotkey = $1`,
      [validatorHotkey],
    );
    return row?.extensions ?? [];
  }

  /** Why `newest` has none for a validator. */
  async absence(hotkey: string): Promise<Absence> {
    const [row] = await this.database.manager.query<Omit<Absence, 'isKnown'>[]>(
      `select active as "isActive", to_char(seen at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "lastSeen",
         case when active and seen > clock_timestamp() - make_interval(secs => $2) then largest_frame end as "maxFrame",
         active and exists (
           select from refused_login refused
           where refused.hotkey = $1 and refused_at > clock_timestamp() - ${patience}
         ) as "isComing"
       from (
         select *, greatest(last_seen, (select max(last_heartbeat) from channel where validator_hotkey = $1)) as seen
         from validator where hotkey = $1
       ) known`,
      [hotkey, this.settings.validatorGracePeriod],
    );
    return row
      ? { isKnown: true, ...row }
      : { isKnown: false, isActive: false, lastSeen: null, isComing: false, maxFrame: null };
  }

  /** Notes that somebody who owns this hotkey was refused, because it is no active validator. */
  async noteRefused(hotkey: string): Promise<void> {
    await this.database.manager.query(
      `with old as (delete from refused_login where refused_at < clock_timestamp() - ${patience} and hotkey <> $1)
       insert into refused_login (hotkey) values ($1) on conflict (hotkey) do update set refused_at = clock_timestamp()`,
      [hotkey],
    );
  }

  /** Whether a validator that is connected by this channel has said nothing about one of its jobs for half a minute. */
  async leavesJobUnanswered(id: string): Promise<boolean> {
    const rows: unknown[] = await this.database.manager.query(
      `select from channel join outbox on peer = validator_hotkey where channel.id = $1 and ${unanswered} limit 1`,
      [id],
    );
    return rows.length > 0;
  }

  /** All validators that jobs can be for, those that are connected first. */
  list(): Promise<ListedValidator[]> {
    return this.database.manager.query(
      `select hotkey, exists (select from channel where validator_hotkey = hotkey and ${fresh}) as connected, version
       from validator where active order by connected desc, hotkey`,
    );
  }

  async connectedValidators(): Promise<number> {
    const [row] = (await this.database.manager.query(
      `select count(distinct validator_hotkey)::int as count from channel where ${fresh}`,
    )) as [{ count: number }];
    return row.count;
  }

  /** Forgets abandoned channels. Returns those of `ids` that must be closed: forgotten, or of an inactive validator. */
  async outdated(ids: string[]): Promise<string[]> {
    const [, gone] = (await this.database.manager.query(
      `with gone as (delete from channel where ${abandoned} returning validator_hotkey, last_heartbeat),
         last as (select validator_hotkey, max(last_heartbeat) as seen from gone group by validator_hotkey)
       update validator set last_seen = greatest(last_seen, seen) from last where hotkey = validator_hotkey`,
    )) as [unknown[], number];
    if (gone > 0) this.bell.ring('validators');
    const rows = (await this.database.manager.query(
      `select given.id from unnest($1::uuid[]) given (id)
       where not exists (
         select from channel join validator on hotkey = validator_hotkey where channel.id = given.id and active
       )`,
      [ids],
    )) as { id: string }[];
    return rows.map(({ id }) => id);
  }
}
