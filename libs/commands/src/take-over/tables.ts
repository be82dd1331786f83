import type { QueryRunner } from 'typeorm';

/** The table of what was taken over, for one of a service's migrations: nothing is taken twice, though it goes here. */
export async function createTakenOverTable(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table taken_over (
      kind text not null,
      key text not null,
      at timestamptz not null default clock_timestamp(),
      primary key (kind, key)
    )`);
}
