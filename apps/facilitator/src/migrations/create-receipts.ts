import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The receipts that were fetched from miners. */
export class CreateReceipts1796000060003 implements MigrationInterface {
  name = 'CreateReceipts1796000060003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table receipt (
        job_uuid uuid not null,
        receipt_type text not null,
        validator_hotkey text not null,
        miner_hotkey text not null,
        -- The exact text that both have signed.
        payload text not null,
        validator_signature text not null,
        miner_signature text not null,
        timestamp timestamptz not null,
        primary key (job_uuid, receipt_type, validator_hotkey, miner_hotkey)
      )`);
    await runner.query('create index receipt_timestamp on receipt (timestamp)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table receipt');
  }
}
