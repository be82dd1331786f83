import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { cycleLength, type Cycle } from '@horde/chain';
import { Database, GatheredBell, type Transaction } from '@horde/database';
import { In, LessThanOrEqual } from 'typeorm';
import type { Window } from '../scoring/window.ts';
import { CycleWeightsRow, type WeightsState } from './cycle-weights.entity.ts';

/** How long the right to work on a cycle's weights holds after it was last renewed. @unit s */
const lease = 10;

/** The sentence of weights that are not computed yet while nothing is in the way. */
export const computing = 'The weights are being computed.';

/** States in which something is still to be done. */
const unfinished = ['to compute', 'to send', 'sent'] as const satisfies WeightsState[];

/** The right of this process, and of no other, to work on the weights of a cycle. */
export interface WeightsClaim {
  row: CycleWeightsRow;
  worker: string;
}

type Changes = Partial<Omit<CycleWeightsRow, 'cycle_start' | 'worker' | 'worker_until'>>;

/** The rows of cycles' weights. Who works on one holds a claim; without it nothing is written. */
@Injectable()
export class WeightsStore {
  constructor(
    private readonly database: Database,
    private readonly bell: GatheredBell,
  ) {}

  /**
   * Begins with the weights of a window's cycle, or goes on with them, also with those that missed an earlier window;
   * null: they are done, or another process has them.
   */
  async claim({ cycle, from, until }: Window): Promise<WeightsClaim | null> {
    await this.database.manager.query(
      `insert into cycle_weights as known (cycle_start, cycle_end, window_from, window_until, state, note)
       values ($1, $2, $3, $4, 'to compute', $5)
       on conflict (cycle_start) do update set window_from = $3, window_until = $4,
         state = case when known.weights is null then 'to compute' else 'to send' end
       where known.state = 'missed' and known.window_until <= $3`,
      [cycle.start, cycle.end, from, until, computing],
    );
    const worker = randomUUID();
    await this.database.manager.query(
      `update cycle_weights set worker = $2, worker_until = now() + make_interval(secs => $3)
       where cycle_start = $1 and state = any ($4) and (worker_until is null or worker_until < now())`,
      [cycle.start, worker, lease, unfinished],
    );
    const row = await this.database.manager.findOneBy(CycleWeightsRow, { cycle_start: cycle.start, worker });
    if (row) this.bell.ring('cycles');
    return row && { row, worker };
  }

  /** @returns whether the claim still holds */
  async renew({ row, worker }: WeightsClaim): Promise<boolean> {
    const { affected } = await this.database.manager.update(
      CycleWeightsRow,
      { cycle_start: row.cycle_start, worker },
      { worker_until: () => `now() + make_interval(secs => ${lease})` },
    );
    return affected === 1;
  }

  async release({ row, worker }: WeightsClaim): Promise<void> {
    const whose = { cycle_start: row.cycle_start, worker };
    await this.database.manager.update(CycleWeightsRow, whose, { worker: null, worker_until: null });
  }

  /** Writes what has changed, also into the claim's row. @returns whether the claim still held */
  async change(claim: WeightsClaim, changes: Changes): Promise<boolean> {
    const { row, worker } = claim;
    const whose = { cycle_start: row.cycle_start, worker };
    const { affected } = await this.database.manager.update(CycleWeightsRow, whose, changes);
    if (affected !== 1) return false;
    Object.assign(row, changes);
    this.bell.ring('cycles');
    return true;
  }

  /** Those whose window has ended while something was still to be done, and that nobody works on. */
  overdue(head: number): Promise<CycleWeightsRow[]> {
    return this.database.manager
      .createQueryBuilder(CycleWeightsRow, 'row')
      .where({ state: In(unfinished), window_until: LessThanOrEqual(head) })
      .andWhere('(row.worker_until is null or row.worker_until < now())')
      .getMany();
  }

  /** Ends one whose window has ended. @returns false when another process has done it */
  async end(
    { cycle_start }: CycleWeightsRow,
    end: Pick<CycleWeightsRow, 'state' | 'note'> & Changes,
  ): Promise<boolean> {
    const { affected } = await this.database.manager.update(
      CycleWeightsRow,
      { cycle_start, state: In(unfinished) },
      end,
    );
    this.bell.ring('cycles');
    return affected === 1;
  }

  /**
   * Keeps that ComputeHorde's validator has handed in the weights for a cycle: they are not handed in again.
   *
   * @param at when it says it has
   * @returns false when there is a row of the cycle
   */
  async takeOver(tx: Transaction, cycle: Cycle, at: Date): Promise<boolean> {
    const note = `ComputeHorde's validator has handed in the weights for the cycle, as it noted at ${at.toISOString()}; whether the chain has taken them it did not note.`;
    // Its window was somewhere within the next cycle.
    const rows = await tx.manager.query<unknown[]>(
      `insert into cycle_weights (cycle_start, cycle_end, window_from, window_until, state, note, computed_at)
       values ($1, $2, $2, $3, 'taken over', $4, $5) on conflict do nothing returning 1`,
      [cycle.start, cycle.end, cycle.end + cycleLength, note, at],
    );
    if (rows.length > 0) tx.afterCommit(() => this.bell.ring('cycles'));
    return rows.length > 0;
  }

  /** The newest cycle's; null before the first. */
  newest(): Promise<CycleWeightsRow | null> {
    return this.database.manager.findOne(CycleWeightsRow, { where: {}, order: { cycle_start: 'desc' } });
  }

  /** A cycle's; null when there are none. */
  find(cycleStart: number): Promise<CycleWeightsRow | null> {
    return this.database.manager.findOneBy(CycleWeightsRow, { cycle_start: cycleStart });
  }
}
