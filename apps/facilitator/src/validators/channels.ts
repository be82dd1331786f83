import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';

/** A validator counts as connected this long after its last heartbeat, as in ComputeHorde. */
const fresh = `last_heartbeat >= clock_timestamp() - interval '3 minutes'`;
/** A connection without a heartbeat for this long is closed, as in ComputeHorde. */
const abandoned = `last_heartbeat < clock_timestamp() - interval '10 minutes'`;

/** A job that a validator can read is answered at once: one that waits for longer was not understood. */
const unanswered = `greatest(connected_at, created_at) < clock_timestamp() - interval '30 seconds'`;

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
}

/** The channel that gets a validator's jobs. */
export interface JobChannel {
  id: string;
  /** The largest frame that the validator reads. @unit bytes */
  maxFrame: number;
  /** Whether the validator is known to be of the oldest generation. */
  isOldest: boolean;
}

export interface NewChannel {
  validatorHotkey: string;
  /** The largest frame that the validator reads. @unit bytes */
  maxFrame: number;
  /** What the validator says about itself; null: nothing. */
  version: string | null;
  runnerVersion: string | null;
}

/** The connections of validators to all replicas of this service. */
@Injectable()
export class Channels {
  constructor(private readonly database: Database) {}

  /** Returns the channel's id. */
  async open({ validatorHotkey, maxFrame, version, runnerVersion }: NewChannel): Promise<string> {
    const id = randomUUID();
    await this.database.manager.query(
      `with known as (
         delete from refused_login where hotkey = $2
       ), versions as (
         update validator set version = coalesce($4, version), runner_version = coalesce($5, runner_version)
         where hotkey = $2
       )
       insert into channel (id, validator_hotkey, largest_frame) values ($1, $2, $3)`,
      [id, validatorHotkey, maxFrame, version, runnerVersion],
    );
    return id;
  }

  async close(id: string): Promise<void> {
    await this.database.manager.query(
      `with closed as (delete from channel where id = $1 returning validator_hotkey)
       update validator set last_seen = clock_timestamp() from closed where hotkey = validator_hotkey`,
      [id],
    );
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
    const [row] = (await this.database.manager.query(
      `select id, largest_frame as "maxFrame", oldest_generation as "isOldest"
       from channel join validator on hotkey = validator_hotkey
       where validator_hotkey = $1 and active and ${fresh} order by connected_at desc limit 1`,
      [validatorHotkey],
    )) as JobChannel[];
    return row ?? null;
  }

  /** Why `newest` has none for a validator. */
  async absence(hotkey: string): Promise<Absence> {
    const [row] = await this.database.manager.query<Omit<Absence, 'isKnown'>[]>(
      `select active as "isActive",
         to_char(greatest(last_seen, (select max(last_heartbeat) from channel where validator_hotkey = $1))
           at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "lastSeen",
         active and exists (
           select from refused_login refused
           where refused.hotkey = $1 and refused_at > clock_timestamp() - ${patience}
         ) as "isComing"
       from validator where hotkey = $1`,
      [hotkey],
    );
    return row
      ? { isKnown: true, ...row }
      : { isKnown: false, isActive: false, lastSeen: null, isComing: false };
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

  async connectedValidators(): Promise<number> {
    const [row] = (await this.database.manager.query(
      `select count(distinct validator_hotkey)::int as count from channel where ${fresh}`,
    )) as [{ count: number }];
    return row.count;
  }

  /** Forgets abandoned channels. Returns those of `ids` that must be closed: forgotten, or of an inactive validator. */
  async outdated(ids: string[]): Promise<string[]> {
    await this.database.manager.query(
      `with gone as (delete from channel where ${abandoned} returning validator_hotkey, last_heartbeat),
         last as (select validator_hotkey, max(last_heartbeat) as seen from gone group by validator_hotkey)
       update validator set last_seen = greatest(last_seen, seen) from last where hotkey = validator_hotkey`,
    );
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
