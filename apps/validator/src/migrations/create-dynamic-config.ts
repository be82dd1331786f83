import { createDynamicConfigTable } from '@horde/dynamic-config';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDynamicConfig1795000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createDynamicConfigTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table dynamic_config');
  }
}
