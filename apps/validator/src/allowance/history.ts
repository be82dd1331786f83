import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { ExecutorClass } from '@horde/protocol';
import type { EntityManager } from 'typeorm';
import { Blocks, type KnownBlock } from './blocks.ts';
import { accountKey, Offer, type Account, type ManifestChange } from './manifests.ts';

/** Blocks from one to another, both included. */
export interface BlockRange {
  from: number;
  to: number;
}

type BlockRow = Pick<KnownBlock, 'number' | 'multiplier'> & { at: Date; stakes: number };
type ChangeRow = ManifestChange & { hotkey: string; executorClass: ExecutorClass };

/** Reads what allowance is reckoned from. */
@Injectable()
export class AllowanceHistory {
  constructor(private readonly database: Database) {}

  /** The blocks of a range that are known, with the stakes of all validators. */
  async blocks({ from, to }: BlockRange): Promise<Blocks> {
    const rows = await this.database.manager.query<BlockRow[]>(
      'select number, at, multiplier, stakes from allowance_block where number between $1 and $2',
      [from, to],
    );
    const snapshots = await this.database.manager.query<
      { id: number; hotkeys: string[]; shares: number[] }[]
    >('select id, hotkeys, shares from stake_snapshot where id = any ($1)', [
      [...new Set(rows.map(({ stakes }) => stakes))],
    ]);
    const shares = new Map(
      snapshots.map(({ id, hotkeys, shares: all }) => [
        id,
        new Map(hotkeys.map((hotkey, at) => [hotkey, all[at]!])),
      ]),
    );
    return new Blocks(
      rows.map(({ number, at, multiplier, stakes }) => ({
        number,
        at: at.getTime(),
        multiplier,
        shares: shares.get(stakes)!,
      })),
    );
  }

  /** As `blocks`, with the stake of one validator alone: it takes much less to read. */
  async blocksOf(validatorHotkey: string, { from, to }: BlockRange, manager: EntityManager): Promise<Blocks> {
    const rows = await manager.query<(Omit<BlockRow, 'stakes'> & { share: number | null })[]>(
      `select number, at, multiplier, shares[array_position(hotkeys, $3)] as share
       from allowance_block join stake_snapshot on id = stakes where number between $1 and $2`,
      [from, to, validatorHotkey],
    );
    return new Blocks(
      rows.map(({ number, at, multiplier, share }) => ({
        number,
        at: at.getTime(),
        multiplier,
        shares: new Map([[validatorHotkey, share ?? 0]]),
      })),
    );
  }

  /** What miners have offered, by `accountKey`. @param of only this account @default all of them */
  async offers(
    of: Account | null = null,
    manager: EntityManager = this.database.manager,
  ): Promise<Map<string, Offer>> {
    const rows = await manager.query<ChangeRow[]>(
      `select miner_hotkey as hotkey, executor_class as "executorClass", block, count, is_drop as "isDrop"
       from manifest_change where ($1::text is null or (miner_hotkey = $1 and executor_class = $2)) order by block`,
      [of?.minerHotkey ?? null, of?.executorClass ?? null],
    );
    const changes = Map.groupBy(rows, ({ hotkey, executorClass }) =>
      accountKey({ minerHotkey: hotkey, executorClass }),
    );
    return new Map([...changes].map(([key, its]) => [key, new Offer(its)]));
  }
}
