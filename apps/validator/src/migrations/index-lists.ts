import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Bookings of a block, and those that are reserved or over, are told in the index from the others of their time; changes of
 * a miner's manifests are found in the order of their list. In place of two indexes that read those others, one by one.
 */
export class IndexLists1799000030111 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index booking_of_block on booking (last_block, lower(blocks))');
    await runner.query(
      'create index booking_unspent on booking (created_at, id, expires_at) where expires_at is not null',
    );
    await runner.query(
      'create index manifest_change_of_miner on manifest_change (miner_hotkey, block, executor_class)',
    );
    await runner.query('drop index booking_last_block, booking_reserved');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('create index booking_last_block on booking (last_block)');
    await runner.query('create index booking_reserved on booking (created_at) where expires_at is not null');
    await runner.query('drop index manifest_change_of_miner, booking_unspent, booking_of_block');
  }
}
