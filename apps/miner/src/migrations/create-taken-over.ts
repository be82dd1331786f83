import { createTakenOverTable } from '@horde/commands';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateTakenOver1799100001171 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTakenOverTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table taken_over');
  }
}
