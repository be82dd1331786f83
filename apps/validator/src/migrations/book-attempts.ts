import type { MigrationInterface, QueryRunner } from 'typeorm';

export class BookAttempts1795000000055 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table attempt add column booking_id uuid');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table attempt drop column booking_id');
  }
}
