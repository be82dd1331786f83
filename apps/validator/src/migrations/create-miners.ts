import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateMiners1795000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table miner (
        hotkey text primary key,
        uid integer not null,
        ip text,
        port integer,
        manifest_at timestamptz,
        manifest_misses integer not null default 0
      )`);
    await runner.query(`
      create table miner_manifest (
        hotkey text not null references miner (hotkey) on delete cascade,
        executor_class text not null,
        count integer not null,
        primary key (hotkey, executor_class)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table miner_manifest, miner');
  }
}
