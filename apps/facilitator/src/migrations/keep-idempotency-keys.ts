import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The keys under which users have created jobs, so that a request which is sent again creates no second one. */
export class KeepIdempotencyKeys1796000040001 implements MigrationInterface {
  name = 'KeepIdempotencyKeys1796000040001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table idempotency_key (
        hotkey text not null,
        key text not null,
        job_uuid uuid not null,
        job_fields bytea not null,
        expires_at timestamptz not null,
        primary key (hotkey, key)
      )`);
    await runner.query('create index idempotency_key_expires_at on idempotency_key (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table idempotency_key');
  }
}
