import type { DataSource, EntityManager } from 'typeorm';

/** One database transaction, and what is to happen once it is committed. */
export class Transaction {
  private readonly afterwards: (() => void)[] = [];

  constructor(readonly manager: EntityManager) {}

  /** Runs `effect` when the transaction has been committed; never when it was rolled back. */
  afterCommit(effect: () => void): void {
    this.afterwards.push(effect);
  }

  /** Called by `Database.transaction` only. */
  committed(): void {
    for (const effect of this.afterwards) effect();
  }
}

/** A service's own tables. */
export class Database {
  constructor(readonly dataSource: DataSource) {}

  /** Runs `work` in one transaction: all of it is stored, or nothing. */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let transaction!: Transaction;
    const result = await this.dataSource.transaction((manager) =>
      work((transaction = new Transaction(manager))),
    );
    transaction.committed();
    return result;
  }

  /** Reads rows outside of a transaction. */
  get manager(): EntityManager {
    return this.dataSource.manager;
  }
}
