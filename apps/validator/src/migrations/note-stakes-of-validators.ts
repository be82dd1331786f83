import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose receipts excuse a miner depends on what they have at stake. */
export class NoteStakesOfValidators1795000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table registered_hotkey add column validator_stake double precision not null default 0',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table registered_hotkey drop column validator_stake');
  }
}
