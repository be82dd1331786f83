import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { QueryRunner } from 'typeorm';
import { atRest, type Standing } from './alert-rules.ts';

/** For a migration: the table behind `AlertStore`. */
export async function createAlertTable(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table alert (
      name text primary key,
      since timestamptz,
      told_at timestamptz,
      is_told boolean not null
    )`);
}

/** How the conditions stand: in the database, and in memory while that is away. */
@Injectable()
export class AlertStore {
  private standings = new Map<string, Standing>();
  private readonly unsaved = new Set<string>();

  constructor(private readonly database: Database) {}

  of(name: string): Standing {
    return this.standings.get(name) ?? atRest;
  }

  /** Reads what another process may have written, and writes what could not be. */
  async load(): Promise<void> {
    for (const name of this.unsaved) await this.write(name);
    const rows = await this.database.manager.query<(Record<keyof Standing, never> & { name: string })[]>(
      `select name, (extract(epoch from since) * 1000)::float8 as since,
         (extract(epoch from told_at) * 1000)::float8 as "toldAt", is_told as "isTold" from alert`,
    );
    this.standings = new Map(rows.map(({ name, ...standing }) => [name, standing]));
  }

  /** @throws never: what cannot be written now is written later */
  async save(name: string, standing: Standing): Promise<void> {
    this.standings.set(name, standing);
    this.unsaved.add(name);
    await this.write(name).catch(() => undefined);
  }

  private async write(name: string): Promise<void> {
    const { since, toldAt, isTold } = this.of(name);
    const isAtRest = since === null && toldAt === null && !isTold;
    await (isAtRest
      ? this.database.manager.query('delete from alert where name = $1', [name])
      : this.database.manager.query(
          `insert into alert (name, since, told_at, is_told)
           values ($1, to_timestamp($2::float8 / 1000), to_timestamp($3::float8 / 1000), $4)
           on conflict (name) do update
             set since = excluded.since, told_at = excluded.told_at, is_told = excluded.is_told`,
          [name, since, toldAt, isTold],
        ));
    this.unsaved.delete(name);
  }
}
