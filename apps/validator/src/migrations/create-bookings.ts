import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateBookings1795000000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table booking (
        id uuid primary key default gen_random_uuid(),
        miner_hotkey text not null,
        executor_class text not null,
        -- Mostly one after the other.
        blocks int4multirange not null,
        last_block integer not null,
        seconds double precision not null,
        created_at timestamptz not null default now(),
        -- null: it is spent.
        expires_at timestamptz
      )`);
    await runner.query('create index booking_account on booking (miner_hotkey, executor_class, last_block)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table booking');
  }
}
