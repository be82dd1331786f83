import { createJobOutputTables } from '@horde/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What jobs print, until their facilitators have it. */
export class KeepOutput1796000020002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createJobOutputTables(runner);
    // Whether the job's miner was asked for it.
    await runner.query('alter table job_output add followed boolean not null default false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table job_output_part, job_output');
  }
}
