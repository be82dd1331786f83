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
  const values = writes.flatMap((write) => write.values);
  let before = 0;
  const parts = writes.map(({ statement, values }, at) => {
    const text = statement.text.replaceAll(/\$(\d+)/g, (_, number) => `$${before + Number(number)}`);
    before += values.length;
    return `w${at} as (${text})`;
  });
  const text = `with ${parts.join(', ')} select`;
  const statement = joined.get(text) ?? new PreparedStatement(text);
  joined.set(text, statement);
  await statement.run(manager, values);
}
