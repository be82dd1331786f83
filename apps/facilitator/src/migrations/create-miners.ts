import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The miners that the chain names, and what they have told of their versions. */
export class CreateMiners1796000060001 implements MigrationInterface {
  name = 'CreateMiners1796000060001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table miner (
        hotkey text primary key,
        active boolean not null,
        ip text not null,
        port integer not null,
        -- Since when the chain does not name it any more; null: it does.
        missed_since timestamptz,
        created_at timestamptz not null default now()
      )`);
    await runner.query(`
      create table miner_version (
        id bigint generated always as identity primary key,
        miner_hotkey text not null references miner (hotkey) on delete cascade,
        version text not null,
        runner_version text not null,
        created_at timestamptz not null default now()
      )`);
    await runner.query('create index miner_version_newest on miner_version (miner_hotkey, id desc)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table miner_version, miner');
  }
}
