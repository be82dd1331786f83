import { createLeaseTable } from '@horde/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateReceiptTransfer1795000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table receipt_page (
        miner_hotkey text not null,
        url text not null,
        page integer not null,
        -- Of whole lines.
        bytes integer not null,
        is_complete boolean not null default false,
        primary key (miner_hotkey, url)
      )`);
    await runner.query(`
      create table registered_hotkey (
        hotkey text primary key,
        seen_at timestamptz not null default now()
      )`);
    await createLeaseTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table lease, registered_hotkey, receipt_page');
  }
}
