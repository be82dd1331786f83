import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The panel's lists of jobs and receipts, newest first: an index behind each filter. */
export class IndexLists1798000003001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index job_listed on job (accepted_at, uuid)');
    await runner.query('create index job_listed_by_validator on job (validator_hotkey, accepted_at, uuid)');
    await runner.query('create index job_listed_by_class on job (executor_class, accepted_at, uuid)');
    // Those that have not ended are few, and have an index of their own.
    await runner.query(
      'create index job_listed_by_end on job (status, accepted_at, uuid) where ended_at is not null',
    );
    await runner.query('create index receipt_listed_by_validator on receipt (validator_hotkey, stored_at)');
    await runner.query('create index receipt_listed_by_type on receipt (receipt_type, stored_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop index receipt_listed_by_type, receipt_listed_by_validator, job_listed_by_end,
      job_listed_by_class, job_listed_by_validator, job_listed`);
  }
}
