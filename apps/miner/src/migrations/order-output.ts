import { forgetOrderOfJobOutput, orderJobOutput } from '@horde/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is kept of a job's output is counted over both of its streams. */
export class OrderOutput1796000030003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await orderJobOutput(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await forgetOrderOfJobOutput(runner);
  }
}
