import { Injectable } from '@nestjs/common';
import { Database, Doorbell, type Transaction } from '@horde/database';
import { AllowanceMetrics } from './allowance-metrics.ts';
import type { TakenBlock } from './blocks.ts';
import type { BlockName } from './replaced-blocks.ts';

/** The doorbell's channel for what candidates depend on. */
export const allowanceChannel = 'allowance';
/** What is rung there for blocks that go on where others ended. */
export const newBlocks = 'blocks';

/** How far back blocks are kept: scoring looks 2,494 back at the end of its window. @unit blocks */
export const keptBlocks = 2_600;

/** How many snapshots of stakes are remembered: from block to block most stay as they are. */
const rememberedSnapshots = 50;

/** Stores blocks. Stakes that are as at another block are stored once for both. */
@Injectable()
export class TakeBlocks {
  /** Content -> id. */
  private readonly snapshots = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly doorbell: Doorbell,
    private readonly metrics: AllowanceMetrics,
  ) {}

  /**
   * One that is stored already stays as it is.
   *
   * @param blocks in their order
   * @param began when they were begun to be read, by `performance.now()`
   */
  async take(blocks: readonly TakenBlock[], began: number): Promise<void> {
    const fresh = new Map<string, number>();
    const stored = this.database.transaction(async (tx) => {
      for (const block of blocks) {
        const stakes = await this.snapshot(tx, block.shares, fresh);
        await tx.manager.query(
          `insert into allowance_block (number, hash, at, multiplier, stakes) values ($1, $2, $3, $4, $5)
           on conflict do nothing`,
          [block.number, block.hash, new Date(block.at), block.multiplier, stakes],
        );
      }
      this.doorbell.ring(tx, allowanceChannel, newBlocks);
    });
    await stored.catch((error: unknown) => {
      // Another process may have removed one of them.
      this.snapshots.clear();
      throw error;
    });
    for (const [content, id] of fresh) this.remember(content, id);
    this.metrics.taken(blocks, (performance.now() - began) / 1_000);
  }

  /** The newest block up to a number; null: none is stored. */
  async newest(upTo: number): Promise<BlockName | null> {
    const [row] = await this.database.manager.query<BlockName[]>(
      'select number, hash from allowance_block where number <= $1 order by number desc limit 1',
      [upTo],
    );
    return row ?? null;
  }

  /**
   * The chain has other blocks than those that are stored, from this one on. 0: it is another chain, and what miners
   * offered and what was booked on the one before means nothing on it.
   */
  async forget(from: number): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.manager.query('delete from allowance_block where number >= $1', [from]);
      if (from === 0)
        for (const table of ['manifest_change', 'miner_answer', 'miner_manifest', 'booking'])
          await tx.manager.query(`delete from ${table}`);
      this.doorbell.ring(tx, allowanceChannel, '');
    });
  }

  /** Removes what nothing is reckoned from any more. @param newest the newest block */
  async evict(newest: number): Promise<void> {
    const oldest = newest - keptBlocks;
    await this.database.transaction(async ({ manager }) => {
      await manager.query('delete from allowance_block where number < $1', [oldest]);
      // Newer ones than the remembered may be about to be used by another process.
      await manager.query(
        `delete from stake_snapshot where id < (select min(stakes) from allowance_block)
         and not exists (select from allowance_block where stakes = stake_snapshot.id)`,
      );
      await manager.query(
        // What nobody offers any more, or something else since, is as if it had never been said.
        `delete from manifest_change old where block < $1 and (count = 0 or exists (
           select from manifest_change newer where newer.miner_hotkey = old.miner_hotkey
             and newer.executor_class = old.executor_class and newer.block > old.block and newer.block <= $1))`,
        [oldest],
      );
      await manager.query('delete from booking where last_block < $1', [oldest]);
    });
  }

  private async snapshot(
    tx: Transaction,
    shares: ReadonlyMap<string, number>,
    fresh: Map<string, number>,
  ): Promise<number> {
    const content = JSON.stringify([...shares]);
    const known = fresh.get(content) ?? this.snapshots.get(content);
    if (known !== undefined) return known;
    const [{ id }] = await tx.manager.query<[{ id: number }]>(
      'insert into stake_snapshot (hotkeys, shares) values ($1, $2) returning id',
      [[...shares.keys()], [...shares.values()]],
    );
    fresh.set(content, id);
    return id;
  }

  private remember(content: string, id: number): void {
    this.snapshots.set(content, id);
    const [oldest] = this.snapshots.keys();
    if (this.snapshots.size > rememberedSnapshots) this.snapshots.delete(oldest!);
  }
}
