import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSystemEvents1795000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table system_event (
        id bigint generated always as identity primary key,
        type text not null,
        subtype text not null,
        at timestamptz not null default clock_timestamp(),
        description text not null,
        data jsonb not null,
        sent_at timestamptz
      )`);
    await runner.query('create index system_event_unsent on system_event (id) where sent_at is null');
    await runner.query('create index system_event_at on system_event (at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table system_event');
  }
}
