import { Injectable } from '@nestjs/common';
import {
  Batches,
  Database,
  GatheredBell,
  Outbox,
  PreparedStatement,
  type Transaction,
} from '@horde/database';
import { AcceptJob, make, writeFrame, type DeclineJob, type ExecutorClass } from '@horde/protocol';
import { WarmSessions } from './warm-sessions.ts';
import { Receipts } from '../receipts/receipts.ts';
import { takeSlots, type SlotRequest, type Taken } from './take-slots.ts';

/** So many requests share one transaction. */
const maxBatch = 64;

const takeForWarm = new PreparedStatement(
  `insert into warm_executor (token, executor_class) select $1, $2
   where (select count(*) from job where executor_class = $2 and slot_held)
     + (select count(*) from warm_executor where executor_class = $2) < $3
   returning token`,
);

/**
 * The slots of this miner's executors. A job takes a warm executor that is connected; else a free slot, for an executor
 * of its own; else a warm executor that is still on its way. The counting is serialised for each class, so no slot is
 * given twice, and requests that come at once share one transaction.
 */
@Injectable()
export class Slots {
  private readonly batches = new Batches(
    (requests: SlotRequest[]) =>
      this.takeAll(requests).then(
        (all) => all,
        () => this.takeEach(requests),
      ),
    maxBatch,
  );
  /** Those that wait for a slot that is about to be freed. */
  private readonly waiting = new Set<SlotRequest>();
  private arrivals = 0;

  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly receipts: Receipts,
    private readonly warm: WarmSessions,
    private readonly bell: GatheredBell,
  ) {}

  /**
   * Takes a slot for a new job, or declines the job when none is free. Both are stored with what the validator is to be
   * told, which its connection has to be rung for. Where a slot is about to be freed the job may wait instead: it keeps
   * its place before those that come later until it is asked for again, or leaves.
   * @returns null when there is a job of this uuid already; nothing has been changed then
   */
  async take(request: SlotRequest): Promise<Taken | null> {
    request.arrival ||= ++this.arrivals;
    const taken = await this.batches.add(request);
    if (taken instanceof Error) throw taken;
    return taken;
  }

  /** The request does not wait any longer. */
  leave(request: SlotRequest): void {
    this.waiting.delete(request);
  }

  /**
   * Takes a slot for a warm executor, which is about to be started.
   * @param capacity how many executors of the class there may be
   * @returns false when none is free
   */
  async takeWarm(token: string, executorClass: ExecutorClass, capacity: number): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      tx.afterCommit(() => this.bell.ring('executors'));
      await lock(tx, [executorClass]);
      const made = await takeForWarm.run(tx.manager, [token, executorClass, capacity]);
      return made.length > 0;
    });
  }

  /** One after another: one that cannot be stored is no reason to refuse those that came with it. */
  private async takeEach(requests: SlotRequest[]): Promise<(Taken | null | Error)[]> {
    const results: (Taken | null | Error)[] = [];
    for (const request of requests) {
      try {
        results.push(...(await this.takeAll([request])));
      } catch (error) {
        results.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
    return results;
  }

  private async takeAll(requests: SlotRequest[]): Promise<(Taken | null)[]> {
    const all = await this.database.transaction(async (tx) => {
      await lock(tx, [...new Set(requests.map(({ job }) => job.executorClass))].sort());
      const frames = requests.map(({ job }) => writeFrame(make(AcceptJob, { job_uuid: job.uuid })));
      const taken = await takeSlots(tx, requests, frames, this.warm.tokens(), this.ahead(requests));
      const accepted = requests.filter((_request, index) => taken[index]?.outcome === 'accepted');
      // Before the others are declined: what has just been accepted is a part of their excuse.
      await this.receipts.store(tx, ...accepted.flatMap(({ job }) => job.receipt ?? []));
      const declines: { uuid: string; answer: DeclineJob }[] = [];
      for (const [index, { job, decline }] of requests.entries()) {
        if (taken[index]?.outcome !== 'rejected') continue;
        const answer = await decline(tx);
        await this.outbox.put(tx, job.validatorHotkey, job.uuid, answer);
        declines.push({ uuid: job.uuid, answer });
      }
      await noteReasons(tx, declines);
      return taken;
    });
    this.bell.ring('jobs');
    for (const [index, request] of requests.entries()) {
      if (all[index]?.outcome === 'waits') this.waiting.add(request);
      else this.waiting.delete(request);
    }
    return all;
  }

  /** For each request, how many of its class that are not among them wait and came before it. */
  private ahead(requests: SlotRequest[]): number[] {
    const others = [...this.waiting].filter((one) => !requests.includes(one));
    return requests.map(
      ({ arrival, job }) =>
        others.filter((one) => one.arrival < arrival && one.job.executorClass === job.executorClass).length,
    );
  }
}

/** Writes into the history of declined jobs why they were: operators look there when their validators no longer ask. */
async function noteReasons(
  { manager }: Transaction,
  declines: { uuid: string; answer: DeclineJob }[],
): Promise<void> {
  if (declines.length === 0) return;
  await manager.query(
    `update job_event set reason = told.reason, message = told.message
     from unnest($1::uuid[], $2::text[], $3::text[]) as told (uuid, reason, message)
     where job_uuid = told.uuid and status = 'rejected'`,
    [
      declines.map(({ uuid }) => uuid),
      declines.map(({ answer }) => answer.reason),
      declines.map(({ answer }) => answer.message),
    ],
  );
}

/**
 * Whoever counts the slots of these classes waits until this transaction has ended. Its statements are not planned anew for
 * what they are asked: that would take longer than they do.
 * @param classes sorted
 */
const lock = (tx: Transaction, classes: string[]): Promise<unknown> => lockSlots.run(tx.manager, [classes]);

const lockSlots = new PreparedStatement(
  `select set_config('plan_cache_mode', 'force_generic_plan', true),
     (select count(pg_advisory_xact_lock(hashtext('slots of ' || name))) from unnest($1::text[]) name)`,
);
