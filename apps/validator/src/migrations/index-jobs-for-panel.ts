import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The panel lists jobs by what it offers as filters, newest first. */
export class IndexJobsForPanel1798000001001 implements MigrationInterface {
  name = 'IndexJobsForPanel1798000001001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index job_listed on job (received_at, uuid)');
    await runner.query('create index job_listed_by_status on job (status, received_at, uuid)');
    await runner.query('create index job_listed_by_class on job (executor_class, received_at, uuid)');
    await runner.query(
      'create index job_listed_by_signatory on job (signatory, received_at, uuid) where signatory is not null',
    );
    await runner.query('create index attempt_listed on attempt (miner_hotkey, started_at, job_uuid)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop index job_listed, job_listed_by_status, job_listed_by_class, job_listed_by_signatory, attempt_listed',
    );
  }
}
