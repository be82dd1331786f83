import { createJobOutputTables } from '@horde/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What jobs print, until their validators have it. */
export class KeepOutput1796000020001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createJobOutputTables(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table job_output_part, job_output');
  }
}
