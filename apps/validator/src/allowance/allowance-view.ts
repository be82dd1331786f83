import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Database, Doorbell } from '@horde/database';
import { Keypair } from '@horde/identity';
import { LOGGER, repeat, type Logger } from '@horde/operations';
import type { ExecutorClass } from '@horde/protocol';
import type { EntityManager } from 'typeorm';
import { Blocks } from './blocks.ts';
import { AllowanceHistory } from './history.ts';
import { accountKey, accountOf, Offer, type Account } from './manifests.ts';
import { OwnBlocks } from './own-blocks.ts';
import { blockExpiry } from './rules.ts';
import { accountState, BookedRuns, type AccountState } from './search.ts';
import { allowanceChannel, newBlocks } from './take-blocks.ts';

/** A booking as far as it concerns what is free. */
export interface BookedBlocks extends Account {
  id: string;
  blocks: readonly number[];
  /** When the blocks are free again; null: never, they are spent. */
  expiresAt: Date | null;
}

/** Of the table `booking`, as `BookedBlocks`. */
export const bookingColumns = `id, miner_hotkey as "minerHotkey", executor_class as "executorClass", expires_at as "expiresAt",
  array(select generate_series(lower(range), upper(range) - 1) from unnest(blocks) range) as blocks`;

/** How often everything is read again, though no ring has come. @unit ms */
const sweepInterval = 60_000;

/**
 * What this validator can spend, in memory: a search asks no database. It may be a moment behind what other processes
 * have booked; whoever books looks into the database.
 */
@Injectable()
export class AllowanceView implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private ownBlocks: OwnBlocks;
  private offers = new Map<string, Offer>();
  private accounts = new Map<ExecutorClass, Account[]>();
  private bookings = new Map<string, BookedBlocks>();
  /** Account -> its bookings by id. */
  private booked = new Map<string, Map<string, BookedBlocks>>();
  /** By class and hotkey. */
  private readonly states = new Map<ExecutorClass, Map<string, AccountState>>();
  /** The accounts of a class that have changed since they were reckoned. @default all of the class */
  private readonly changes = new Map<ExecutorClass, Account[]>();
  private refreshing: Promise<void> | null = null;
  /** Something has changed since the refreshing began. */
  private isStale = false;
  private isOfferStale = true;
  private ends: (() => void)[] = [];

  constructor(
    private readonly history: AllowanceHistory,
    private readonly database: Database,
    private readonly doorbell: Doorbell,
    private readonly keypair: Keypair,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.ownBlocks = new OwnBlocks(new Blocks([]), keypair.address, 0);
  }

  async onApplicationBootstrap(): Promise<void> {
    const failed = (error: unknown) => this.logger.warn({ error }, 'the allowance could not be read');
    const look = () => this.refresh().catch(failed);
    const heard = (news: string | null) =>
      void this.refresh(news === newBlocks ? 'blocks' : 'all').catch(failed);
    this.ends = [this.doorbell.on(allowanceChannel, heard), repeat(look, sweepInterval, failed)];
    await look();
  }

  beforeApplicationShutdown(): void {
    for (const end of this.ends) end();
  }

  /** The blocks that can be spent. */
  get own(): OwnBlocks {
    return this.ownBlocks;
  }

  /** What is left of each miner that offers, or has offered, executors of a class, by hotkey. */
  of(executorClass: ExecutorClass): ReadonlyMap<string, AccountState> {
    const states = this.states.get(executorClass) ?? new Map<string, AccountState>();
    const changed = this.changes.get(executorClass) ?? this.accounts.get(executorClass) ?? [];
    for (const account of changed) states.set(account.minerHotkey, this.state(account));
    this.states.set(executorClass, states);
    this.changes.set(executorClass, []);
    return states;
  }

  /** Reads again what is stored. @param news what may be new beside the bookings */
  refresh(news: 'blocks' | 'all' = 'all'): Promise<void> {
    this.isStale = true;
    if (news === 'all') this.isOfferStale = true;
    this.refreshing ??= this.readUntilFresh().finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  /** This process has booked blocks, or changed a booking. */
  put(booking: BookedBlocks): void {
    this.bookings.set(booking.id, booking);
    this.bookedAt(booking).set(booking.id, booking);
    this.changed(booking);
  }

  /** This process has undone a booking. */
  remove(id: string): void {
    const booking = this.bookings.get(id);
    this.bookings.delete(id);
    if (!booking) return;
    this.bookedAt(booking).delete(id);
    this.changed(booking);
  }

  /** In a simulation time is that of its blocks. @unit ms since 1970 */
  protected now(): number {
    return Date.now();
  }

  private changed(account: Account): void {
    if (this.offers.has(accountKey(account))) this.changes.get(account.executorClass)?.push(account);
    if (this.refreshing) this.isStale = true;
  }

  private bookedAt(account: Account): Map<string, BookedBlocks> {
    const key = accountKey(account);
    const booked = this.booked.get(key) ?? new Map<string, BookedBlocks>();
    this.booked.set(key, booked);
    return booked;
  }

  private state(account: Account): AccountState {
    const now = this.now();
    const booked = new BookedRuns();
    for (const { blocks, expiresAt } of this.bookedAt(account).values())
      if (!expiresAt || expiresAt.getTime() > now) booked.add(blocks, expiresAt === null);
    return accountState(account.minerHotkey, this.ownBlocks, this.offers.get(accountKey(account))!, booked);
  }

  private async readUntilFresh(): Promise<void> {
    while (this.isStale) {
      this.isStale = false;
      await this.read();
    }
  }

  private async read(): Promise<void> {
    const isAll = this.isOfferStale;
    this.isOfferStale = false;
    const { now, blocks, offers, bookings } = await this.stored(isAll);
    // A booking of this process may have been committed after it was looked for.
    if (this.isStale) {
      this.isOfferStale ||= isAll;
      return;
    }
    this.ownBlocks = new OwnBlocks(blocks, this.keypair.address, now);
    this.offers = offers;
    this.accounts = Map.groupBy([...offers.keys()].map(accountOf), ({ executorClass }) => executorClass);
    this.bookings = bookings;
    this.booked.clear();
    for (const booking of bookings.values()) this.bookedAt(booking).set(booking.id, booking);
    this.states.clear();
    this.changes.clear();
  }

  /** In one transaction: with each block of the chain, one commit instead of one for each statement. */
  private stored(isAll: boolean) {
    return this.database.transaction(async ({ manager }) => {
      const [{ newest }] = await manager.query<[{ newest: number | null }]>(
        'select max(number) as newest from allowance_block',
      );
      const now = newest ?? 0;
      const from = now - blockExpiry;
      return {
        now,
        blocks: await this.history.blocksOf(this.keypair.address, { from, to: now }, manager),
        offers: isAll ? await this.history.offers(null, manager) : this.offers,
        bookings: await this.readBookings(manager, from),
      };
    });
  }

  /** Blocks are read once: of a booking that is known, only whether it still stands so. */
  private async readBookings(manager: EntityManager, from: number): Promise<Map<string, BookedBlocks>> {
    const rows = await manager.query<(Pick<BookedBlocks, 'id' | 'expiresAt'> & { last: number })[]>(
      'select id, expires_at as "expiresAt", last_block as last from booking where last_block >= $1',
      [from],
    );
    const isKnown = ({ id, last }: { id: string; last: number }) =>
      this.bookings.get(id)?.blocks.at(-1) === last;
    const others = await manager.query<BookedBlocks[]>(
      `select ${bookingColumns} from booking where id = any ($1)`,
      [rows.filter((row) => !isKnown(row)).map(({ id }) => id)],
    );
    const known = rows.filter(isKnown).map(({ id, expiresAt }) => ({ ...this.bookings.get(id)!, expiresAt }));
    return new Map([...known, ...others].map((booking) => [booking.id, booking]));
  }
}
