import { createAlertTable } from '@horde/alerts';
import { createLeaseTable } from '@horde/database';
import { createLastDoneTable } from '@horde/metrics';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When what is done again and again was done last, and who was told that something is the matter. */
export class CreateAlerts1798000006002 implements MigrationInterface {
  name = 'CreateAlerts1798000006002';

  async up(runner: QueryRunner): Promise<void> {
    await createLastDoneTable(runner);
    await createAlertTable(runner);
    await createLeaseTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table lease, alert, last_done');
  }
}
