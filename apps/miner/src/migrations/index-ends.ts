import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Ended jobs are counted for the metrics, and removed when they are old, with their receipts: none of it reads all jobs. */
export class IndexEnds1795600000050 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index job_ended on job (ended_at) include (status, executor_class, accepted_at)
      where ended_at is not null`);
    await runner.query('create index receipt_stored on receipt (stored_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index receipt_stored, job_ended');
  }
}
