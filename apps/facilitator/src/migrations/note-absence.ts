import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Since when a validator is away, and which ones were refused although they may be let in any moment. */
export class NoteAbsence1795000000004 implements MigrationInterface {
  name = 'NoteAbsence1795000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table validator add last_seen timestamptz');
    await runner.query(`
      create table refused_login (
        hotkey text primary key,
        refused_at timestamptz not null default clock_timestamp()
      )`);
    await runner.query('create index job_created_at on job (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index job_created_at');
    await runner.query('drop table refused_login');
    await runner.query('alter table validator drop last_seen');
  }
}
