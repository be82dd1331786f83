import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What miners were paid is summed by the hour in an index: without it, each receipt of all validators was read. */
export class IndexEarnings1799000030129 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create index receipt_paid on receipt (validator_hotkey, timestamp) include (score)
       where receipt_type = 'JobFinishedReceipt'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index receipt_paid');
  }
}
