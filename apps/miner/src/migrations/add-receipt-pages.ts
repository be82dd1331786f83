import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddReceiptPages1795500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The page that shows the receipt; null until it is on one.
    await runner.query('alter table receipt add column page bigint');
    await runner.query('create index receipt_without_page on receipt (stored_at) where page is null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index receipt_without_page');
    await runner.query('alter table receipt drop column page');
  }
}
