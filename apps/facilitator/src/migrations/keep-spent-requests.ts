import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Requests whose jobs have been removed while their signatures still counted: none of them creates a second job. */
export class KeepSpentRequests1796000040000 implements MigrationInterface {
  name = 'KeepSpentRequests1796000040000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table spent_request (
        creation_key bytea primary key,
        job_uuid uuid not null,
        expires_at timestamptz not null
      )`);
    await runner.query('create index spent_request_expires_at on spent_request (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table spent_request');
  }
}
