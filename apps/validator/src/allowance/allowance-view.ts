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
import { Blocks } from './blocks.ts';
import { AllowanceHistory } from './history.ts';
import { accountKey, Offer, type Account } from './manifests.ts';
import { OwnBlocks } from './own-blocks.ts';
import { blockExpiry } from './rules.ts';
import { accountState, type AccountState } from './search.ts';
import { allowanceChannel } from './take-blocks.ts';

/** A booking as far as it concerns what is free. */
export interface BookedBlocks extends Account {
  id: string;
  blocks: readonly number[];
  /** When the blocks are free again; null: never, they are spent. */
  expiresAt: Date | null;
}

/** How often everything is read again, though no ring was heard. @unit ms */
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
  private booked = new Map<string, Map<number, boolean>>();
  private readonly states = new Map<string, AccountState>();
  private refreshing: Promise<void> | null = null;
  /** Something has changed since the refreshing began. */
  private isStale = false;
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
    this.ends = [this.doorbell.on(allowanceChannel, () => void look()), repeat(look, sweepInterval, failed)];
    await look();
  }

  beforeApplicationShutdown(): void {
    for (const end of this.ends) end();
  }

  /** The blocks that can be spent. */
  get own(): OwnBlocks {
    return this.ownBlocks;
  }

  /** What is left of each miner that offers, or has offered, executors of a class. */
  of(executorClass: ExecutorClass): AccountState[] {
    return (this.accounts.get(executorClass) ?? []).map((account) => this.state(account));
  }

  /** Reads again what is stored. */
  refresh(): Promise<void> {
    this.isStale = true;
    this.refreshing ??= this.readUntilFresh().finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  /** This process has booked blocks, or changed a booking. */
  put(booking: BookedBlocks): void {
    this.bookings.set(booking.id, booking);
    this.changed(booking);
  }

  /** This process has undone a booking. */
  remove(id: string): void {
    const booking = this.bookings.get(id);
    this.bookings.delete(id);
    if (booking) this.changed(booking);
  }

  private changed(account: Account): void {
    this.booked.clear();
    this.states.delete(accountKey(account));
    if (this.refreshing) this.isStale = true;
  }

  private state(account: Account): AccountState {
    const key = accountKey(account);
    const known = this.states.get(key);
    if (known) return known;
    if (this.booked.size === 0) this.booked = this.bookedBlocks();
    const state = accountState(
      account.minerHotkey,
      this.ownBlocks,
      this.offers.get(key)!,
      this.booked.get(key) ?? new Map(),
    );
    this.states.set(key, state);
    return state;
  }

  /** The booked blocks by account, and whether each is spent. */
  private bookedBlocks(): Map<string, Map<number, boolean>> {
    const booked = new Map<string, Map<number, boolean>>();
    for (const booking of this.bookings.values()) {
      if (booking.expiresAt && booking.expiresAt.getTime() <= Date.now()) continue;
      const key = accountKey(booking);
      const blocks = booked.get(key) ?? new Map<number, boolean>();
      booked.set(key, blocks);
      for (const block of booking.blocks) blocks.set(block, booking.expiresAt === null);
    }
    return booked;
  }

  private async readUntilFresh(): Promise<void> {
    while (this.isStale) {
      this.isStale = false;
      await this.read();
    }
  }

  private async read(): Promise<void> {
    const [{ newest }] = await this.database.manager.query<[{ newest: number | null }]>(
      'select max(number) as newest from allowance_block',
    );
    const now = newest ?? 0;
    const from = now - blockExpiry;
    const blocks = await this.history.blocks({ from, to: now });
    const offers = await this.history.offers();
    const bookings = await this.database.manager.query<BookedBlocks[]>(
      `select id, miner_hotkey as "minerHotkey", executor_class as "executorClass", blocks, expires_at as "expiresAt"
       from booking where last_block >= $1`,
      [from],
    );
    // A booking of this process may have been committed after it was looked for.
    if (this.isStale) return;
    this.ownBlocks = new OwnBlocks(blocks, this.keypair.address, now);
    this.offers = offers;
    this.accounts = Map.groupBy([...offers.keys()].map(accountOf), ({ executorClass }) => executorClass);
    this.bookings = new Map(bookings.map((booking) => [booking.id, booking]));
    this.booked.clear();
    this.states.clear();
  }
}

const accountOf = (key: string): Account => {
  const [minerHotkey, executorClass] = key.split(' ') as [string, ExecutorClass];
  return { minerHotkey, executorClass };
};
