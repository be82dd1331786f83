import { createJobOutputTables } from '@horde/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What jobs print, for those who follow them. */
export class KeepOutput1796000020003 implements MigrationInterface {
  name = 'KeepOutput1796000020003';

  async up(runner: QueryRunner): Promise<void> {
    await createJobOutputTables(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table job_output_part, job_output');
  }
}
