import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Since when a validator that is not active is not: who has long been gone is forgotten. */
export class NoteInactivity1799000022150 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table validator add column inactive_since timestamptz not null default now()');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table validator drop column inactive_since');
  }
}
