import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What operators have the miner check of itself: the last run of each check. */
export class KeepCheckRuns1798000003002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table check_run (
        name text primary key,
        -- Another one for each run.
        id uuid not null,
        started_by text not null,
        started_at timestamptz not null default now(),
        -- Moved on while it runs: a run whose process has died is over then.
        alive_until timestamptz not null,
        output text not null default '',
        ended_at timestamptz,
        -- Null: it runs, or was cut off.
        exit_code integer
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table check_run');
  }
}
