import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Only who may validate signs receipts that count: other hotkeys need not be known. */
export class KnowValidators1795000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table registered_hotkey rename to known_validator');
    await runner.query('alter table known_validator rename column validator_stake to stake');
    await runner.query('delete from known_validator where stake = 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table known_validator rename column stake to validator_stake');
    await runner.query('alter table known_validator rename to registered_hotkey');
  }
}
