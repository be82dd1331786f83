import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What users say of how their jobs went: once for each job. */
export class CreateFeedback1796000060000 implements MigrationInterface {
  name = 'CreateFeedback1796000060000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table job_feedback (
        job_uuid uuid primary key references job (uuid) on delete cascade,
        result_correctness double precision not null,
        expected_duration double precision,
        signature json not null,
        created_at timestamptz not null default clock_timestamp()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table job_feedback');
  }
}
