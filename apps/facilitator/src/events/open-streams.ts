import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database, PreparedStatement } from '@horde/database';
import { errors } from '@horde/protocol';

/** How many streams of events one hotkey may have open. */
const maxStreams = 50;
/** The streams of a replica that has given no sign of life for so long count no more: it was killed. */
const silence = `interval '15 seconds'`;

/** Tells how many each of these hotkeys has here, and returns how many they have at the others. */
const tell = new PreparedStatement<{ hotkey: string; streams: number }>(
  `with replica as (
     insert into event_replica (id) values ($1) on conflict (id) do update set seen_at = clock_timestamp()
   ), told as (
     insert into event_stream_count (replica, hotkey, streams)
     select $1, hotkey, streams from unnest($2::text[], $3::int[]) given (hotkey, streams)
     on conflict (replica, hotkey) do update set streams = excluded.streams
   )
   select hotkey, sum(streams)::int as streams from event_stream_count join event_replica on id = replica
   where hotkey = any($2) and replica <> $1 and seen_at > clock_timestamp() - ${silence} group by hotkey`,
);

/**
 * How many streams each hotkey has open at all replicas. Here they are counted in memory; the other replicas are told as
 * they open and close. Of those that open at the same moment at several replicas, one for each may be too many.
 */
@Injectable()
export class OpenStreams {
  private readonly replica = randomUUID();
  private readonly here = new Map<string, number>();
  /** Hotkeys whose number is to be told to the other replicas. */
  private readonly untold = new Set<string>();
  private lastTelling: Promise<unknown> = Promise.resolve();
  private nextTelling: Promise<Map<string, number>> | null = null;

  constructor(private readonly database: Database) {}

  /** One more stream. @throws HordeError TOO_MANY_EVENT_STREAMS, and then it is none */
  async enter(hotkey: string): Promise<void> {
    const here = this.count(hotkey, 1);
    try {
      const elsewhere = here > maxStreams ? 0 : ((await this.tell(hotkey)).get(hotkey) ?? 0);
      if (here + elsewhere > maxStreams) throw errors.TOO_MANY_EVENT_STREAMS(maxStreams);
    } catch (error) {
      this.leave(hotkey);
      throw error;
    }
  }

  /** One less. */
  leave(hotkey: string): void {
    this.count(hotkey, -1);
    this.tell(hotkey).catch(() => undefined); // a sign of life tells it again
  }

  /** To be called every few seconds while there are streams. */
  async giveSignOfLife(): Promise<void> {
    await this.database.manager.query(
      `with dead as (delete from event_replica where id <> $1 and seen_at < clock_timestamp() - interval '10 minutes')
       update event_replica set seen_at = clock_timestamp() where id = $1`,
      [this.replica],
    );
    const [hotkey] = this.untold;
    if (hotkey !== undefined) await this.tell(hotkey);
  }

  /** None is left: the other replicas need not wait for a sign of life. */
  async close(): Promise<void> {
    await this.database.manager.query('delete from event_replica where id = $1', [this.replica]);
  }

  /** @returns how many there are now */
  private count(hotkey: string, change: number): number {
    const count = (this.here.get(hotkey) ?? 0) + change;
    if (count > 0) this.here.set(hotkey, count);
    else this.here.delete(hotkey);
    return count;
  }

  /** Tells the other replicas, one statement at a time, whatever has changed until then. @returns how many they have */
  private tell(hotkey: string): Promise<Map<string, number>> {
    this.untold.add(hotkey);
    if (this.nextTelling) return this.nextTelling;
    const telling = this.lastTelling
      .catch(() => undefined)
      .then(() => {
        this.nextTelling = null;
        return this.tellAll();
      });
    this.lastTelling = this.nextTelling = telling;
    return telling;
  }

  private async tellAll(): Promise<Map<string, number>> {
    const hotkeys = [...this.untold];
    this.untold.clear();
    try {
      const counts = hotkeys.map((hotkey) => this.here.get(hotkey) ?? 0);
      const rows = await tell.run(this.database.manager, [this.replica, hotkeys, counts]);
      return new Map(rows.map(({ hotkey, streams }) => [hotkey, streams]));
    } catch (error) {
      for (const hotkey of hotkeys) this.untold.add(hotkey);
      throw error;
    }
  }
}
