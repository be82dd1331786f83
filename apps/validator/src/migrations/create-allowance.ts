import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAllowance1795000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table stake_snapshot (
        id integer generated always as identity primary key,
        hotkeys text[] not null,
        -- Of each hotkey the part of all stake, in their order.
        shares double precision[] not null
      )`);
    await runner.query(`
      create table allowance_block (
        number integer primary key,
        hash text not null,
        at timestamptz not null,
        multiplier double precision not null,
        stakes integer not null references stake_snapshot (id)
      )`);
    await runner.query(`
      create table manifest_change (
        miner_hotkey text not null,
        executor_class text not null,
        block integer not null,
        count integer not null,
        is_drop boolean not null,
        primary key (miner_hotkey, executor_class, block)
      )`);
    await runner.query(`
      create table miner_answer (
        hotkey text primary key,
        answered_at timestamptz not null,
        misses integer not null default 0
      )`);
    // What miners offered before is asked for again: nobody knows at which block they began to.
    await runner.query('delete from miner_manifest');
    await runner.query('alter table miner drop column manifest_at, drop column manifest_misses');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table miner add column manifest_at timestamptz, add column manifest_misses integer not null default 0',
    );
    await runner.query('drop table miner_answer, manifest_change, allowance_block, stake_snapshot');
  }
}
