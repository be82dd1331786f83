import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { QueryRunnerAlreadyReleasedError, type EntityManager, type QueryRunner } from 'typeorm';

/**
 * A statement that runs for each job, or more often: the server keeps it, parsed and planned, on each connection that it
 * has run on. For what runs now and then `EntityManager.query` is simpler.
 */
export class PreparedStatement<Row = unknown> {
  /** Of the text: two statements of one name would have to be the same. */
  private readonly name: string;

  /**
   * @param text one statement. It names the columns that it returns: with `*` it fails on connections that are open while
   * a newer version adds a column.
   */
  constructor(readonly text: string) {
    this.name = createHash('sha256').update(text).digest('hex').slice(0, 32);
  }

  /** Returns its rows. */
  async run(manager: EntityManager, values: unknown[] = []): Promise<Row[]> {
    if (manager.queryRunner) return this.runOn(manager.queryRunner, values);
    const runner = manager.dataSource.createQueryRunner();
    try {
      return await this.runOn(runner, values);
    } finally {
      await runner.release();
    }
  }

  private async runOn(runner: QueryRunner, values: unknown[]): Promise<Row[]> {
    if (runner.isReleased) throw new QueryRunnerAlreadyReleasedError();
    const client = (await runner.connect()) as ClientBase;
    const { rows } = await client.query<Row & object>({ name: this.name, text: this.text, values });
    return rows;
  }
}

/** A change of rows, and its parameters. */
export interface Write {
  statement: PreparedStatement;
  values: unknown[];
}

/** Statements that are others put together, by their text. There are as many as there are ways through the code. */
const joined = new Map<string, PreparedStatement>();

/** Runs changes that do not see each other as one statement. */
export async function together(manager: EntityManager, writes: readonly Write[]): Promise<void> {
  if (writes.length === 0) return;
  const values: unknown[] = [];
  const parts = writes.map(({ statement, values: own }, at) => {
    const text = renumbered(statement.text, values.length);
    values.push(...own);
    return `w${at} as (${text})`;
  });
  await kept(`with ${parts.join(', ')} select`).run(manager, values);
}

/** A change that is made only where another one is. */
export interface FollowingWrite {
  /** @param isMade SQL that says whether the other one is */
  text: (isMade: string) => string;
  values: unknown[];
}

/** A change that others can follow in the same question to the server. */
export class FollowedStatement<Row = unknown> {
  /**
   * @param text has `following` behind its last `with` part
   * @param isMade SQL that says whether it has changed anything
   */
  constructor(
    private readonly text: (following: string) => string,
    private readonly isMade: string,
  ) {}

  /** @param following do not see each other, nor what this changes @returns its own rows */
  run(manager: EntityManager, values: unknown[], following: readonly FollowingWrite[] = []): Promise<Row[]> {
    const all = [...values];
    const parts = following.map(({ text, values: own }, at) => {
      const part = `, f${at} as (${renumbered(text(this.isMade), all.length)})`;
      all.push(...own);
      return part;
    });
    return kept(this.text(parts.join(''))).run(manager, all) as Promise<Row[]>;
  }
}

/** A statement with its parameters behind so many others. */
const renumbered = (text: string, before: number): string =>
  text.replaceAll(/\$(\d+)/g, (_, number) => `$${before + Number(number)}`);

function kept(text: string): PreparedStatement {
  const statement = joined.get(text) ?? new PreparedStatement(text);
  joined.set(text, statement);
  return statement;
}
