import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateBlacklist1795000000051 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table blacklisted_miner (
        hotkey text not null,
        reason text not null,
        details text not null,
        blacklisted_at timestamptz not null default now(),
        expires_at timestamptz,
        primary key (hotkey, reason)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table blacklisted_miner');
  }
}
