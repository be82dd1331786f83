import type { MigrationInterface, QueryRunner } from 'typeorm';

const former = [
  'job_ended on job (ended_at) include (status, executor_class, accepted_at) where ended_at is not null',
  'job_listed_by_end on job (status, accepted_at, uuid) where ended_at is not null',
  'job_listed_by_validator on job (validator_hotkey, accepted_at, uuid)',
  'receipt_listed_by_validator on receipt (validator_hotkey, stored_at)',
  'receipt_listed_by_type on receipt (receipt_type, stored_at)',
];

/**
 * What finished receipts have earned is summed, and what became of validators' jobs counted, from indexes alone; lists with
 * two filters are found in the index of one of them. Each index is in the place of one that knew less.
 */
export class NoteEarnings1799100001401 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Those of receipts from before stay null.
    await runner.query('alter table receipt add score numeric, add paying_blocks integer');
    await drop(runner, former);
    for (const index of [
      `job_ended on job (ended_at) include (status, executor_class, accepted_at, validator_hotkey)
       where ended_at is not null`,
      'job_listed_by_end on job (status, accepted_at, uuid, executor_class) where ended_at is not null',
      'job_listed_by_validator on job (validator_hotkey, accepted_at, uuid, executor_class, status)',
      'receipt_listed_by_validator on receipt (validator_hotkey, stored_at, receipt_type)',
      'receipt_listed_by_type on receipt (receipt_type, stored_at, score, paying_blocks)',
    ])
      await runner.query(`create index ${index}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await drop(runner, former);
    for (const index of former) await runner.query(`create index ${index}`);
    await runner.query('alter table receipt drop score, drop paying_blocks');
  }
}

const drop = (runner: QueryRunner, indexes: string[]) =>
  runner.query(`drop index ${indexes.map((index) => index.split(' ')[0]).join(', ')}`);
