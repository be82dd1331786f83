import { Injectable } from '@nestjs/common';
import { Database, Doorbell, type Transaction } from '@horde/database';
import type { ExecutorClass, Manifest } from '@horde/protocol';
import { JobBell } from '../jobs/job-bell.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { changesOf, maxMisses, readClassLimits, type ClassChange } from './manifest-rules.ts';
import { allowanceChannel } from './take-blocks.ts';

/** What a miner said when it was asked for its manifest; null: nothing. */
export type Answer = Manifest | null;

/** Stores what miners say they offer: what counts now, and from which block on. */
@Injectable()
export class StoreManifests {
  constructor(
    private readonly database: Database,
    private readonly doorbell: Doorbell,
    private readonly config: ValidatorConfig,
    private readonly bell: JobBell,
  ) {}

  /**
   * Stores answers. One silence changes nothing, two in a row count as an empty manifest; of a miner that has never
   * answered, silence is not kept.
   *
   * @param block at which they were asked
   * @param answers by hotkey
   */
  async store(block: number, answers: ReadonlyMap<string, Answer>): Promise<void> {
    if (answers.size === 0) return;
    await this.database.transaction(async (tx) => {
      await tx.manager.query(`select pg_advisory_xact_lock(hashtext('validator: manifests'))`);
      const missed = await this.count(tx, answers);
      const counts = await this.countsOf(tx, [...answers.keys()]);
      const limits = readClassLimits(this.config.get('DYNAMIC_MINER_MAX_EXECUTORS_PER_CLASS'));
      // Always in this order: two that wait for each other's rows would wait for ever.
      for (const [hotkey, answer] of [...answers].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        if (!answer && !missed.has(hotkey)) continue;
        const changes = changesOf(counts.get(hotkey) ?? new Map(), answer ?? new Map(), limits);
        for (const change of changes) await this.change(tx, hotkey, block, change);
        if (changes.length > 0) this.bell.ring(tx);
      }
      this.doorbell.ring(tx, allowanceChannel, '');
    });
  }

  /** Counts answers and silences. @returns those that have been silent too often */
  private async count(tx: Transaction, answers: ReadonlyMap<string, Answer>): Promise<Set<string>> {
    const hotkeys = Map.groupBy(answers.keys(), (hotkey) => (answers.get(hotkey) ? 'answered' : 'silent'));
    await tx.manager.query(
      `insert into miner_answer (hotkey, answered_at) select hotkey, now() from unnest($1::text[]) hotkey
       on conflict (hotkey) do update set answered_at = now(), misses = 0`,
      [hotkeys.get('answered') ?? []],
    );
    const silent = hotkeys.get('silent') ?? [];
    await tx.manager.query('update miner_answer set misses = misses + 1 where hotkey = any ($1)', [silent]);
    // It counts as one that is not known: it is asked again at every look at the chain.
    const [gone] = await tx.manager.query<[{ hotkey: string }[], number]>(
      'delete from miner_answer where hotkey = any ($1) and misses >= $2 returning hotkey',
      [silent, maxMisses],
    );
    return new Set(gone.map(({ hotkey }) => hotkey));
  }

  private async countsOf(
    tx: Transaction,
    hotkeys: string[],
  ): Promise<Map<string, Map<ExecutorClass, number>>> {
    const rows = await tx.manager.query<{ hotkey: string; executor_class: ExecutorClass; count: number }[]>(
      'select hotkey, executor_class, count from miner_manifest where hotkey = any ($1)',
      [hotkeys],
    );
    const byMiner = Map.groupBy(rows, ({ hotkey }) => hotkey);
    return new Map(
      [...byMiner].map(([hotkey, its]) => [
        hotkey,
        new Map(its.map(({ executor_class, count }) => [executor_class, count])),
      ]),
    );
  }

  private async change(tx: Transaction, hotkey: string, block: number, change: ClassChange): Promise<void> {
    const { executorClass, count, isDrop } = change;
    await tx.manager.query(
      `insert into manifest_change (miner_hotkey, executor_class, block, count, is_drop) values ($1, $2, $3, $4, $5)
       on conflict (miner_hotkey, executor_class, block)
       do update set count = excluded.count, is_drop = manifest_change.is_drop or excluded.is_drop`,
      [hotkey, executorClass, block, count, isDrop],
    );
    if (count === 0)
      await tx.manager.query('delete from miner_manifest where hotkey = $1 and executor_class = $2', [
        hotkey,
        executorClass,
      ]);
    else
      await tx.manager.query(
        `insert into miner_manifest (hotkey, executor_class, count) values ($1, $2, $3)
         on conflict (hotkey, executor_class) do update set count = excluded.count`,
        [hotkey, executorClass, count],
      );
  }
}
