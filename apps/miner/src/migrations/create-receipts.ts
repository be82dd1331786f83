import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateReceipts1795000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table receipt (
        job_uuid uuid not null,
        receipt_type text not null,
        validator_hotkey text not null,
        timestamp timestamptz not null,
        -- Of started receipts only: the time in which they excuse a busy miner.
        executor_class text,
        is_organic boolean,
        ttl integer,
        -- The exact text under both signatures.
        payload text not null,
        validator_signature text not null,
        miner_signature text not null,
        stored_at timestamptz not null default now(),
        primary key (job_uuid, receipt_type)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table receipt');
  }
}
