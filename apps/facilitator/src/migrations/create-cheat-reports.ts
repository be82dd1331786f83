import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What users report of wrong results: once for each job. `json` keeps the exact text, which is signed. */
export class CreateCheatReports1796000010002 implements MigrationInterface {
  name = 'CreateCheatReports1796000010002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table cheat_report (
        job_uuid uuid primary key references job (uuid) on delete cascade,
        trusted_job_uuid uuid not null references job (uuid) on delete cascade,
        details json not null,
        signature json not null,
        created_at timestamptz not null default clock_timestamp()
      )`);
    await runner.query('create index cheat_report_trusted_job on cheat_report (trusted_job_uuid)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table cheat_report');
  }
}
