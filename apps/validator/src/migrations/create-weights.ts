import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateWeights1795000000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table cycle_weights (
        cycle_start integer primary key,
        cycle_end integer not null,
        window_from integer not null,
        window_until integer not null,
        state text not null,
        note text not null,
        -- Texts, not json: the digits and the order of what was computed are kept as they are.
        weights text,
        reasons text,
        inputs_digest text,
        computed_at timestamptz,
        attempts integer not null default 0,
        first_sent_block integer,
        last_sent_block integer,
        confirmed_block integer,
        worker uuid,
        worker_until timestamptz,
        created_at timestamptz not null default now()
      )`);
    await runner.query(`
      create table main_hotkey (
        coldkey text not null,
        cycle_start integer not null,
        hotkey text not null,
        told_by text not null,
        created_at timestamptz not null default now(),
        primary key (coldkey, cycle_start)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table main_hotkey, cycle_weights');
  }
}
