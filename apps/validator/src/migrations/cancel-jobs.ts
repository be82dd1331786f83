import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CancelJobs1795000000042 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Who wants the job to end, as a part of a sentence.
    await runner.query('alter table job add column cancelled_by text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table job drop column cancelled_by');
  }
}
