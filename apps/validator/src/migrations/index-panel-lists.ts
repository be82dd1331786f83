import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The panel's lists of what grows are read from any place on, filtered or not, without reading all of it. */
export class IndexPanelLists1798000002001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const index of [
      'receipt_newest on receipt (timestamp)',
      'receipt_of_miner on receipt (miner_hotkey, timestamp)',
      'receipt_of_type on receipt (receipt_type, timestamp)',
      'booking_newest on booking (created_at)',
      'booking_reserved on booking (created_at) where expires_at is not null',
      'booking_last_block on booking (last_block)',
      'attempt_booking on attempt (booking_id) where booking_id is not null',
      'manifest_change_newest on manifest_change (block)',
      'manifest_change_of_class on manifest_change (executor_class, block)',
      'manifest_change_drop on manifest_change (block) where is_drop',
      'system_event_of_type on system_event (type, at)',
      'system_event_of_subtype on system_event (subtype, at)',
      'miner_incident_newest on miner_incident (hotkey, at)',
    ])
      await runner.query(`create index ${index}`);
    // The receipts of a type that it had are among those of all.
    await runner.query('drop index receipt_finished');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create index receipt_finished on receipt (timestamp) where receipt_type = 'JobFinishedReceipt'`,
    );
    await runner.query(
      `drop index receipt_newest, receipt_of_miner, receipt_of_type, booking_newest, booking_reserved,
         booking_last_block, attempt_booking, manifest_change_newest, manifest_change_of_class, manifest_change_drop,
         system_event_of_type, system_event_of_subtype, miner_incident_newest`,
    );
  }
}
