import { createJobFrameTable } from '@horde/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is exchanged about jobs with validators and executors. */
export class KeepFrames1798000008002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createJobFrameTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table job_frame');
  }
}
