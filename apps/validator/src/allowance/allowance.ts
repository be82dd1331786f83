import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PreparedStatement, type Transaction } from '@horde/database';
import type { ExecutorClass } from '@horde/protocol';
import { escapeLiteral } from 'pg';
import { ValidatorSettings } from '../settings.ts';
import { AllowanceMetrics } from './allowance-metrics.ts';
import { AllowanceView, bookingColumns, type BookedBlocks } from './allowance-view.ts';
import { chooseBlocks, firstBlocks } from './choose-blocks.ts';
import { AllowanceHistory } from './history.ts';
import { accountKey, Offer, type Account, type ManifestChange } from './manifests.ts';
import type { AccountState } from './search.ts';

/** An account, and what a job costs there. */
interface PricedAccount extends Account {
  /** @unit executor-seconds */
  seconds: number;
}

/** What is to be booked for a job. */
export interface BookingRequest extends PricedAccount {
  /** How long the job may take at most, from now until its receipt is signed. @unit seconds */
  longest: number;
}

/** Blocks that are kept for a job. */
export interface Booking {
  id: string;
  /** Oldest first. */
  blocks: number[];
}

/** So long beyond the job's own time a booking holds. @unit seconds */
const margin = 100;

/** A list of blocks as the table has it. @param list the parameter's name */
const rangesOf = (list: string): string =>
  `coalesce((select range_agg(int4range(block, block + 1)) from unnest(${list}::int[]) block), '{}')`;

/** An account, as it is read to book more. */
interface StoredAccount {
  changes: ManifestChange[] | null;
  /** The booked blocks, each run from one to before another. */
  from: number[] | null;
  to: number[] | null;
  /** Bookings whose time has passed. */
  over: string[] | null;
  /** The transaction's time. */
  now: Date;
}

/**
 * The statement that locks an account until the transaction ends: who books, and who changes what the miner offers, takes
 * this row first. A text, so that it can go to the server with others.
 */
export const lockAccount = ({ minerHotkey, executorClass }: Account): string =>
  `select from miner_manifest
   where hotkey = ${escapeLiteral(minerHotkey)} and executor_class = ${escapeLiteral(executorClass)} for update`;

const readAccount = new PreparedStatement<StoredAccount>(`
  select (
    select json_agg(json_build_object('block', block, 'count', count, 'isDrop', is_drop) order by block)
    from manifest_change where miner_hotkey = $1 and executor_class = $2
      and exists (select from miner_manifest where hotkey = $1 and miner_manifest.executor_class = $2)
  ) as changes, now() as now, booked.*
  from (
    select array_agg(lower(run)) as from, array_agg(upper(run)) as to,
           array_agg(distinct id) filter (where expires_at < now()) as over
    from booking, unnest(blocks) run
    where miner_hotkey = $1 and executor_class = $2 and last_block >= $3
  ) booked`);

const book = new PreparedStatement(`
  insert into booking (id, miner_hotkey, executor_class, blocks, last_block, seconds, expires_at)
  values ($1, $2, $3, ${rangesOf('$4')}, $5, $6, $7)`);

/** The time of miners' executors that this validator may spend, and what of it jobs have booked. */
@Injectable()
export class Allowance {
  constructor(
    private readonly view: AllowanceView,
    private readonly history: AllowanceHistory,
    private readonly settings: ValidatorSettings,
    private readonly metrics: AllowanceMetrics,
  ) {}

  /** Whether only miners get jobs whose accounts can pay for them. */
  get isRequired(): boolean {
    return this.settings.allowanceRequired;
  }

  /** What is left of each miner that offers, or has offered, executors of a class, by hotkey. */
  accounts(executorClass: ExecutorClass): ReadonlyMap<string, AccountState> {
    return this.view.of(executorClass);
  }

  /**
   * Books the oldest free blocks of a miner's account that pay for a job. The transaction has locked the account before:
   * nobody else books any of them.
   *
   * @returns null when what is free is not enough
   */
  async reserve(tx: Transaction, request: BookingRequest): Promise<Booking | null> {
    const end = this.metrics.reserving.startTimer();
    try {
      const free = await this.free(tx, request);
      if (!free) return null;
      const time = (request.longest + margin) * 1_000;
      return this.book(tx, request, free.blocks, new Date(free.now.getTime() + time));
    } finally {
      end();
    }
  }

  /**
   * The oldest free blocks of a locked account that pay for a job.
   *
   * @param newest no newer blocks than this one
   */
  private async free(
    tx: Transaction,
    request: PricedAccount,
    newest = Infinity,
  ): Promise<{ blocks: number[]; now: Date } | null> {
    const { own } = this.view;
    const { offer, booked, now } = await this.stored(tx, request, own.first);
    const blocks = chooseBlocks(own, offer, (block) => block > newest || booked.has(block), request.seconds);
    return blocks && { blocks, now };
  }

  /** @param expiresAt null: the blocks are spent */
  private book(
    tx: Transaction,
    { minerHotkey, executorClass, seconds }: PricedAccount,
    blocks: number[],
    expiresAt: Date | null,
  ): Booking {
    const id = randomUUID();
    tx.later(book, [id, minerHotkey, executorClass, blocks, blocks.at(-1) ?? 0, seconds, expiresAt]);
    tx.afterCommit(() => this.view.put({ id, minerHotkey, executorClass, blocks, expiresAt }));
    return { id, blocks };
  }

  /** The job will not be paid: its blocks are free again. One that is spent, or not there any more, stays as it is. */
  async undo(tx: Transaction, id: string): Promise<void> {
    const end = this.metrics.undoing.startTimer();
    const [gone] = await tx.manager.query<[unknown[], number]>(
      'delete from booking where id = $1 and expires_at is not null returning id',
      [id],
    );
    end();
    tx.afterCommit(() => gone.length > 0 && this.view.remove(id));
  }

  /**
   * The job is paid with its blocks.
   *
   * @param used pays only so much, with the oldest of them; the others are free again. @unit executor-seconds
   * @returns the blocks for its receipt; null when the booking has ended before, and others may have its blocks
   */
  async spend(tx: Transaction, id: string, used: number | null = null): Promise<number[] | null> {
    const [[booking]] = await tx.manager.query<[[BookedBlocks?], number]>(
      `update booking set expires_at = null where id = $1 returning ${bookingColumns}`,
      [id],
    );
    if (!booking) return null;
    const blocks =
      used === null
        ? [...booking.blocks]
        : firstBlocks(this.view.own, await this.offer(tx, booking), booking.blocks, used);
    if (blocks.length < booking.blocks.length)
      await tx.manager.query(`update booking set blocks = ${rangesOf('$2')}, last_block = $3 where id = $1`, [
        id,
        blocks,
        blocks.at(-1) ?? 0,
      ]);
    tx.afterCommit(() => this.view.put({ ...booking, blocks }));
    return blocks;
  }

  /**
   * The job is paid although its booking has ended: with the oldest blocks that are free now and were there when it
   * began, since others count for nobody.
   *
   * @returns the blocks for its receipt; null when these do not pay for it
   */
  async spendAnew(tx: Transaction, job: PricedAccount & { startedAt: Date }): Promise<number[] | null> {
    const [{ newest }] = await tx.manager.query<[{ newest: number | null }]>(
      'select max(number) as newest from allowance_block where at <= $1',
      [job.startedAt],
    );
    await tx.manager.query(lockAccount(job));
    const free = await this.free(tx, job, newest ?? -1);
    return free && this.book(tx, job, free.blocks, null).blocks;
  }

  private async offer(tx: Transaction, account: Account): Promise<Offer> {
    const offers = await this.history.offers(account, tx.manager);
    return offers.get(accountKey(account)) ?? new Offer([]);
  }

  /** An account with its booked blocks. Bookings whose time has passed end. */
  private async stored(
    tx: Transaction,
    account: Account,
    first: number,
  ): Promise<{ offer: Offer; booked: ReadonlySet<number>; now: Date }> {
    const { minerHotkey, executorClass } = account;
    const [stored] = await readAccount.run(tx.manager, [minerHotkey, executorClass, first]);
    const { changes, from, to, over, now } = stored!;
    if (over) {
      await this.endBookings(tx, over);
      return this.stored(tx, account, first);
    }
    const booked = new Set<number>();
    for (const [at, end] of (to ?? []).entries())
      for (let block = from![at]!; block < end; block++) booked.add(block);
    return { offer: new Offer(changes ?? []), booked, now };
  }

  /** But for those that have been spent in the meantime. */
  private async endBookings(tx: Transaction, ids: string[]): Promise<void> {
    const [ended] = await tx.manager.query<[{ id: string }[], number]>(
      'delete from booking where id = any ($1) and expires_at < now() returning id',
      [ids],
    );
    tx.afterCommit(() => ended.forEach(({ id }) => this.view.remove(id)));
  }
}
