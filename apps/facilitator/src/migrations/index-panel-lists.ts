import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Everybody's jobs are listed and counted by the hour, and those of a validator listed, also of one user, in an index each:
 * in place of two that know less.
 */
export class IndexPanelLists1799000030128 implements MigrationInterface {
  name = 'IndexPanelLists1799000030128';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index job_listed on job (created_at, uuid, status)');
    await runner.query(
      'create index job_listed_by_validator on job (target_validator_hotkey, created_at, uuid, hotkey)',
    );
    await runner.query('drop index job_created_at, job_validator');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('create index job_validator on job (target_validator_hotkey, created_at desc)');
    await runner.query('create index job_created_at on job (created_at)');
    await runner.query('drop index job_listed_by_validator, job_listed');
  }
}
