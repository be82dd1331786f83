import { createDynamicConfigChangeTable } from '@horde/dynamic-config';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class KeepConfigHistory1795000000062 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createDynamicConfigChangeTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table dynamic_config_change');
  }
}
