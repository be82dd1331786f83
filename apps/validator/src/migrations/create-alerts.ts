import { createAlertTable } from '@horde/alerts';

import { createLastDoneTable } from '@horde/metrics';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When what is done again and again was done last, and who was told that something is the matter. */
export class CreateAlerts1798000006001 implements MigrationInterface {
  name = 'CreateAlerts1798000006001';

  async up(runner: QueryRunner): Promise<void> {
    await createLastDoneTable(runner);
    await createAlertTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table alert, last_done');
  }
}
