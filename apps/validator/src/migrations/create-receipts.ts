import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateReceipts1795000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table receipt (
        job_uuid uuid not null,
        receipt_type text not null,
        miner_hotkey text not null,
        -- The exact text under the signature.
        payload text not null,
        validator_signature text not null,
        created_at timestamptz not null default now(),
        primary key (job_uuid, receipt_type)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table receipt');
  }
}
