import { Injectable } from '@nestjs/common';
import type { Neuron } from '@horde/chain';
import { Database } from '@horde/database';

/** A miner, and where the chain says that it is. */
export interface Miner {
  hotkey: string;
  ip: string;
  port: number;
}

/** What a miner tells of its software; both empty: it does not answer. */
export interface MinerVersion {
  hotkey: string;
  version: string;
  runnerVersion: string;
}

/** The miners that this facilitator knows. Those that left the chain stay, inactive. */
@Injectable()
export class MinerDirectory {
  constructor(private readonly database: Database) {}

  /**
   * Activates the neurons that can be reached. A miner that they leave out is deactivated when they did so a minute
   * before, too: one answer of the chain that lacks miners, or all of them, changes nothing.
   *
   * @returns the hotkeys that were active until now
   */
  async replace(neurons: readonly Neuron[]): Promise<string[]> {
    const miners = neurons
      .flatMap(({ hotkey, address }) => (address ? [{ hotkey, ...address }] : []))
      .toSorted((a, b) => (a.hotkey < b.hotkey ? -1 : 1)); // two replicas take the rows in the same order
    if (miners.length === 0) return [];
    const hotkeys = miners.map(({ hotkey }) => hotkey);
    return this.database.transaction(async ({ manager }) => {
      await manager.query(
        `insert into miner as known (hotkey, active, ip, port)
         select hotkey, true, ip, port from unnest($1::text[], $2::text[], $3::int[]) as named (hotkey, ip, port)
         on conflict (hotkey) do update
           set active = true, ip = excluded.ip, port = excluded.port, missed_since = null
         where (known.active, known.ip, known.port, known.missed_since)
           is distinct from (true, excluded.ip, excluded.port, null)`,
        [hotkeys, miners.map(({ ip }) => ip), miners.map(({ port }) => port)],
      );
      const [missed] = (await manager.query(
        `update miner set missed_since = coalesce(missed_since, now()),
           active = missed_since is null or missed_since > now() - interval '1 minute'
         where active and hotkey <> all ($1) returning hotkey, active`,
        [hotkeys],
      )) as [{ hotkey: string; active: boolean }[], number];
      return missed.filter(({ active }) => !active).map(({ hotkey }) => hotkey);
    });
  }

  /** Those that are on the chain. */
  active(): Promise<Miner[]> {
    return this.database.manager.query('select hotkey, ip, port from miner where active order by hotkey');
  }

  /** Notes what miners have told, where it is something else than the last time. Returns for how many it was. */
  async noteVersions(versions: readonly MinerVersion[]): Promise<number> {
    const rows = await this.database.manager.query<unknown[]>(
      `insert into miner_version (miner_hotkey, version, runner_version)
       select told.hotkey, told.version, told.runner_version
       from unnest($1::text[], $2::text[], $3::text[]) as told (hotkey, version, runner_version)
         join miner on miner.hotkey = told.hotkey
         left join lateral (
           select version, runner_version from miner_version
           where miner_hotkey = told.hotkey order by id desc limit 1
         ) last on true
       where (coalesce(last.version, ''), coalesce(last.runner_version, '')) <> (told.version, told.runner_version)
       returning 1`,
      [
        versions.map(({ hotkey }) => hotkey),
        versions.map(({ version }) => version),
        versions.map(({ runnerVersion }) => runnerVersion),
      ],
    );
    return rows.length;
  }

  /** How many miners on the chain told which version last, most first; an empty one: they do not answer. */
  countByVersion(): Promise<{ version: string; count: number }[]> {
    return this.database.manager.query(
      `select coalesce(last.version, '') as version, count(*)::int as count
       from miner left join lateral (
         select version from miner_version where miner_hotkey = hotkey order by id desc limit 1
       ) last on true
       where active group by 1 order by count desc, version`,
    );
  }
}
