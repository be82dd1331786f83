import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Claims are renewed every few seconds, and ended jobs removed every hour: neither reads all jobs there ever were. */
export class IndexClaimsAndEnds1795000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index job_driver on job (driver) where driver is not null');
    await runner.query('create index job_ended on job (ended_at) where ended_at is not null');
    await runner.query('create index receipt_created on receipt (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index receipt_created, job_ended, job_driver');
  }
}
