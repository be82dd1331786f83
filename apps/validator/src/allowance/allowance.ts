import { Injectable } from '@nestjs/common';
import { PreparedStatement, type Transaction } from '@horde/database';
import type { ExecutorClass } from '@horde/protocol';
import { ValidatorSettings } from '../settings.ts';
import { AllowanceMetrics } from './allowance-metrics.ts';
import { AllowanceView, bookingColumns, type BookedBlocks } from './allowance-view.ts';
import { chooseBlocks, firstBlocks } from './choose-blocks.ts';
import { AllowanceHistory } from './history.ts';
import { accountKey, Offer, type Account, type ManifestChange } from './manifests.ts';
import type { AccountState } from './search.ts';

/** What is to be booked for a job. */
export interface BookingRequest extends Account {
  /** What it costs. @unit executor-seconds */
  seconds: number;
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
}

const lockOffer = new PreparedStatement(
  'select hotkey from miner_manifest where hotkey = $1 and executor_class = $2 for update',
);

const readAccount = new PreparedStatement<StoredAccount>(`
  select (
    select json_agg(json_build_object('block', block, 'count', count, 'isDrop', is_drop) order by block)
    from manifest_change where miner_hotkey = $1 and executor_class = $2
  ) as changes, booked.*
  from (
    select array_agg(lower(run)) as from, array_agg(upper(run)) as to,
           array_agg(distinct id) filter (where expires_at < now()) as over
    from booking, unnest(blocks) run
    where miner_hotkey = $1 and executor_class = $2 and last_block >= $3
  ) booked`);

const book = new PreparedStatement<Pick<BookedBlocks, 'id' | 'expiresAt'>>(`
  insert into booking (miner_hotkey, executor_class, blocks, last_block, seconds, expires_at)
  values ($1, $2, ${rangesOf('$3')}, $4, $5, now() + make_interval(secs => $6::float8))
  returning id, expires_at as "expiresAt"`);

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
  accounts(executorClass: ExecutorClass): Map<string, AccountState> {
    return new Map(this.view.of(executorClass).map((account) => [account.minerHotkey, account]));
  }

  /**
   * Books the oldest free blocks of a miner's account that pay for a job. Until the transaction ends nobody else books
   * any of them.
   *
   * @returns null when what is free is not enough
   */
  async reserve(tx: Transaction, request: BookingRequest): Promise<Booking | null> {
    const end = this.metrics.reserving.startTimer();
    try {
      return await this.book(tx, request);
    } finally {
      end();
    }
  }

  /** @param newest no newer blocks than this one */
  private async book(tx: Transaction, request: BookingRequest, newest = Infinity): Promise<Booking | null> {
    const { minerHotkey, executorClass, seconds, longest } = request;
    const { own } = this.view;
    // Who books, and who changes what the miner offers, takes this row first.
    const offered = await lockOffer.run(tx.manager, [minerHotkey, executorClass]);
    if (offered.length === 0) return null;
    const { offer, booked } = await this.stored(tx, request, own.first);
    const blocks = chooseBlocks(own, offer, (block) => block > newest || booked.has(block), seconds);
    if (!blocks) return null;
    const last = blocks.at(-1) ?? 0;
    const [booking] = await book.run(tx.manager, [
      minerHotkey,
      executorClass,
      blocks,
      last,
      seconds,
      longest + margin,
    ]);
    tx.afterCommit(() => this.view.put({ ...booking!, minerHotkey, executorClass, blocks }));
    return { id: booking!.id, blocks };
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
  async spendAnew(
    tx: Transaction,
    job: Account & { seconds: number; startedAt: Date },
  ): Promise<number[] | null> {
    const [{ newest }] = await tx.manager.query<[{ newest: number | null }]>(
      'select max(number) as newest from allowance_block where at <= $1',
      [job.startedAt],
    );
    const booking = await this.book(tx, { ...job, longest: 0 }, newest ?? -1);
    return booking && this.spend(tx, booking.id);
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
  ): Promise<{ offer: Offer; booked: ReadonlySet<number> }> {
    const { minerHotkey, executorClass } = account;
    const [stored] = await readAccount.run(tx.manager, [minerHotkey, executorClass, first]);
    const { changes, from, to, over } = stored!;
    if (over) {
      await this.endBookings(tx, over);
      return this.stored(tx, account, first);
    }
    const booked = new Set<number>();
    for (const [at, end] of (to ?? []).entries())
      for (let block = from![at]!; block < end; block++) booked.add(block);
    return { offer: new Offer(changes ?? []), booked };
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
