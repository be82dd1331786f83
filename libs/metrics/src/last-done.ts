import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import type { QueryRunner } from 'typeorm';

/** For a migration: the table behind `LastDone`. */
export async function createLastDoneTable(runner: QueryRunner): Promise<void> {
  await runner.query('create table last_done (work text primary key, at timestamptz not null default now())');
}

/** What is done more often than this is not noted more often. @unit ms */
const noteInterval = 30_000;

/**
 * When what is done again and again was done last, by whichever process of the service: what is not done any more is seen
 * after a restart, too.
 */
@Injectable()
export class LastDone {
  private readonly noted = new Map<string, number>();

  constructor(
    private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** From now on it is done again and again: that it never was is told from here. */
  async expect(work: string): Promise<void> {
    await this.write(work, 'insert into last_done (work) values ($1) on conflict do nothing');
  }

  /** It was done, to its end. */
  async note(work: string): Promise<void> {
    if (performance.now() < (this.noted.get(work) ?? 0)) return;
    this.noted.set(work, performance.now() + noteInterval);
    await this.write(
      work,
      'insert into last_done (work) values ($1) on conflict (work) do update set at = excluded.at',
    );
  }

  /** It is not to be done now. */
  async forget(work: string): Promise<void> {
    await this.write(work, 'delete from last_done where work = $1');
  }

  /** By its name: how long ago. @unit seconds */
  async ages(): Promise<Record<string, number>> {
    const rows = await this.database.manager.query<{ work: string; age: number }[]>(
      'select work, extract(epoch from clock_timestamp() - at)::float8 as age from last_done',
    );
    return Object.fromEntries(rows.map(({ work, age }) => [work, age]));
  }

  /** What cannot be noted now is noted the next time; the work itself is done. */
  private async write(work: string, sql: string): Promise<void> {
    await this.database.manager.query(sql, [work]).catch((error: unknown) => {
      this.noted.delete(work);
      this.logger.warn({ error }, `when "${work}" was done could not be noted`);
    });
  }
}
