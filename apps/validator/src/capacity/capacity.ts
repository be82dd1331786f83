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
  private seenElsewhere: {
    busy: Awaited<ReturnType<ReceiptQueries['busyExecutors']>>;
    until: number;
  } | null = null;

  constructor(
    private readonly receipts: ReceiptQueries,
    private readonly keypair: Keypair,
  ) {}

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
    if (!this.seenElsewhere || performance.now() >= this.seenElsewhere.until) {
      const busy = await this.receipts.busyExecutors(new Date(), manager, this.keypair.address);
      this.seenElsewhere = { busy, until: performance.now() + freshFor };
    }
    return this.seenElsewhere.busy.get(executorClass) ?? new Map();
  }
}
