import type { MigrationInterface, QueryRunner } from 'typeorm';

export class NumberMessages1795000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The last of the miner's numbered messages that was taken, on a durable link.
    await runner.query('alter table job add column miner_number bigint not null default 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table job drop column miner_number');
  }
}
