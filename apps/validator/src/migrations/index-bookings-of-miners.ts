import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The bookings of a miner are listed, newest first: those of one that has had no jobs for long, too. */
export class IndexBookingsOfMiners1799000022510 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index booking_of_miner on booking (miner_hotkey, created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index booking_of_miner');
  }
}
