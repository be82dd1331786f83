import { Injectable } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import type { ExecutorClass } from '@horde/protocol';
import type { EntityManager } from 'typeorm';
import { ReceiptQueries } from '../receipts/receipt-queries.ts';

/** How long a miner may need to free the executor of a job that has ended. @unit seconds */
const freeingTime = 10;

/** How long what others' receipts tell is believed. @unit ms */
const freshFor = 1_000;
/** A miner that was asked for a job, and the uuid under which it was. */
export interface Asked {
  uuid: string;
  miner_hotkey: string;
  executor_class: ExecutorClass;
}

/** How many executors miners offer, and how many of them are busy, as far as this validator knows. */
@Injectable()
export class Capacity {
  private readonly seenElsewhere = new Map<
    ExecutorClass,
    { busy: ReadonlyMap<string, number>; until: number }
  >();

  constructor(
    private readonly receipts: ReceiptQueries,
    private readonly keypair: Keypair,
  ) {}

  /**
   * How many executors of a class are busy at a miner: with this validator's jobs, each until its attempt has ended, and
   * with those that other validators' receipts tell of.
   */
  async busy(manager: EntityManager, executorClass: ExecutorClass, hotkey: string): Promise<number> {
    const elsewhere = await this.elsewhere(manager, executorClass);
    const [{ own }] = await manager.query<[{ own: number }]>(
      `select count(*)::int as own from attempt join job on job.uuid = job_uuid
       where attempt.ended_at is null and executor_class = $1 and miner_hotkey = $2`,
      [executorClass, hotkey],
    );
    return own + (elsewhere.get(hotkey) ?? 0);
  }

  /**
   * Whether a miner had an executor of a class for this job, which it did not take, without those whose job has ended
   * only just now.
   */
  async hadRoom(manager: EntityManager, { uuid, miner_hotkey, executor_class }: Asked): Promise<boolean> {
    const elsewhere = await this.elsewhere(manager, executor_class);
    const [room] = await manager.query<{ hadRoom: boolean }[]>(
      `select count > $5::int + (
         select count(*) from attempt join job on job.uuid = job_uuid
         where miner_hotkey = $1 and job.executor_class = $2 and attempt.uuid <> $3
           and (attempt.ended_at is null or (
             attempt.ended_at > now() - make_interval(secs => $4)
             and outcome not in ('declined', 'refused', 'unreachable')
           ))
       ) as "hadRoom"
       from miner_offer where hotkey = $1 and miner_offer.executor_class = $2`,
      [miner_hotkey, executor_class, uuid, freeingTime, elsewhere.get(miner_hotkey) ?? 0],
    );
    return room?.hadRoom ?? false;
  }

  /** How many executors of the class a miner offers; null: it is not known to offer any. */
  async offered(manager: EntityManager, { miner_hotkey, executor_class }: Asked): Promise<number | null> {
    const [offer] = await manager.query<{ count: number }[]>(
      'select count from miner_offer where hotkey = $1 and executor_class = $2',
      [miner_hotkey, executor_class],
    );
    return offer?.count ?? null;
  }

  /**
   * How many executors of a class other validators' jobs keep busy, by hotkey. Their receipts come every few seconds:
   * they are not read for each choice.
   */
  async elsewhere(
    manager: EntityManager,
    executorClass: ExecutorClass,
  ): Promise<ReadonlyMap<string, number>> {
    const known = this.seenElsewhere.get(executorClass);
    if (known && performance.now() < known.until) return known.busy;
    const busy = await this.receipts.busyExecutors(executorClass, new Date(), manager, this.keypair.address);
    this.seenElsewhere.set(executorClass, { busy, until: performance.now() + freshFor });
    return busy;
  }
}
