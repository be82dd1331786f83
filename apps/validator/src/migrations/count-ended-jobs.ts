import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Ended jobs are counted by their status, and those of no named facilitator found, without reading all jobs. */
export class CountEndedJobs1795000000070 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('drop index job_ended');
    await runner.query(
      'create index job_ended on job (ended_at) include (status) where ended_at is not null',
    );
    await runner.query(
      `create index job_of_unnamed_facilitator on job (uuid) where facilitator = 'facilitator'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index job_of_unnamed_facilitator, job_ended');
    await runner.query('create index job_ended on job (ended_at) where ended_at is not null');
  }
}
