import { createDynamicConfigChangeTable, createDynamicConfigTable } from '@horde/dynamic-config';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDynamicConfig1796000060004 implements MigrationInterface {
  name = 'CreateDynamicConfig1796000060004';

  async up(runner: QueryRunner): Promise<void> {
    await createDynamicConfigTable(runner);
    await createDynamicConfigChangeTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table dynamic_config_change, dynamic_config');
  }
}
