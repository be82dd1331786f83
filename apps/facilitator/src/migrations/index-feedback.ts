import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Feedback is listed, newest first. */
export class IndexFeedback1798000004001 implements MigrationInterface {
  name = 'IndexFeedback1798000004001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index job_feedback_newest on job_feedback (created_at, job_uuid)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index job_feedback_newest');
  }
}
