import { createPanelTables, dropPanelTables } from '@horde/panel-server';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may use the panel, who is logged in, and what they changed. */
export class CreatePanel1798000003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createPanelTables(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropPanelTables(runner);
  }
}
