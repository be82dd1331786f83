import type { DataSource, EntityManager } from 'typeorm';
import { together, type PreparedStatement, type Write } from './prepared-statement.ts';
import type { SoleProcess } from './sole-process.ts';

/** One database transaction, what is left for its end, and what is to happen once it is committed. */
export class Transaction {
  private readonly afterwards: (() => void)[] = [];
  private readonly writes: Write[] = [];

  constructor(readonly manager: EntityManager) {}

  /**
   * Changes rows at the end of the transaction, together with all that is left for it: one question to the server. For what
   * nothing in the transaction looks at any more; no two of them may change the same row.
   */
  later(statement: PreparedStatement, values: unknown[]): void {
    this.writes.push({ statement, values });
  }

  /** Runs `effect` when the transaction has been committed; never when it was rolled back. */
  afterCommit(effect: () => void): void {
    this.afterwards.push(effect);
  }

  /** Called by `Database.transaction` only. */
  async ending(): Promise<void> {
    await together(this.manager, this.writes);
  }

  /** Called by `Database.transaction` only. */
  committed(): void {
    for (const effect of this.afterwards) effect();
  }
}

/**
 * A service's own tables.
 *
 * Everything that changes more than one row, or causes a message or a ring, is a `transaction`. A single statement, be it
 * a query or a change that is whole by itself, goes through `manager` and is a transaction of its own.
 */
export class Database {
  /** @param sole while this process may not be the only one of its service, transactions wait */
  constructor(
    readonly dataSource: DataSource,
    private readonly sole: SoleProcess | null = null,
  ) {}

  /** Runs `work` in one transaction: all of it is stored, or nothing. */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.sole?.isInDoubt) await this.sole.whenSure();
    let transaction!: Transaction;
    const result = await this.dataSource.transaction(async (manager) => {
      transaction = new Transaction(manager);
      const worked = await work(transaction);
      await transaction.ending();
      return worked;
    });
    transaction.committed();
    return result;
  }

  /**
   * As `transaction`, for work that asks the server for one thing only, such as what is done for each job: a statement is a
   * transaction by itself, and costs one question instead of three. Nothing is left for later.
   */
  async single<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.sole?.isInDoubt) await this.sole.whenSure();
    const transaction = new Transaction(this.manager);
    const result = await work(transaction);
    transaction.committed();
    return result;
  }

  /** For single statements: each takes any connection, and is committed when it has run. */
  get manager(): EntityManager {
    return this.dataSource.manager;
  }
}
