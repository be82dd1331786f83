import type { MigrationInterface, QueryRunner } from 'typeorm';

export class KeepReceiptsOfAllValidators1795000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table receipt
        add column validator_hotkey text,
        add column miner_signature text,
        add column timestamp timestamptz,
        add column executor_class text,
        add column is_organic boolean,
        add column expires_at timestamptz,
        add column score numeric,
        add column block_numbers integer[]`);
    await runner.query(`
      update receipt set
        validator_hotkey = payload::json ->> 'validator_hotkey',
        timestamp = (payload::json ->> 'timestamp')::timestamptz,
        executor_class = payload::json ->> 'executor_class',
        is_organic = (payload::json ->> 'is_organic')::boolean,
        expires_at = (payload::json ->> 'timestamp')::timestamptz
          + make_interval(secs => (payload::json ->> 'ttl')::float8),
        score = case when payload::json ->> 'score_str' ~ '^\\d{1,15}(\\.0+)?$'
          then trunc((payload::json ->> 'score_str')::numeric) end,
        block_numbers = case when receipt_type = 'JobFinishedReceipt' then array(
          select block::integer from json_array_elements_text(payload::json -> 'block_numbers') block
          where block::bigint < 2147483648) end`);
    await runner.query(`
      alter table receipt
        alter column validator_hotkey set not null,
        alter column timestamp set not null,
        drop constraint receipt_pkey,
        add primary key (job_uuid, receipt_type, validator_hotkey, miner_hotkey)`);
    await runner.query('create index receipt_expires on receipt (expires_at) where expires_at is not null');
    await runner.query(
      `create index receipt_finished on receipt (timestamp) where receipt_type = 'JobFinishedReceipt'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      delete from receipt using receipt other where receipt.ctid > other.ctid
        and receipt.job_uuid = other.job_uuid and receipt.receipt_type = other.receipt_type`);
    await runner.query(`
      alter table receipt drop constraint receipt_pkey, add primary key (job_uuid, receipt_type),
        drop column validator_hotkey, drop column miner_signature, drop column timestamp,
        drop column executor_class, drop column is_organic, drop column expires_at, drop column score,
        drop column block_numbers`);
  }
}
