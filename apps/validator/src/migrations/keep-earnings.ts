import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What miners earn, as the chain said it last: for operators. */
export class KeepEarnings1799000002238 implements MigrationInterface {
  name = 'KeepEarnings1799000002238';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table miner add incentive double precision, add emission double precision');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table miner drop incentive, drop emission');
  }
}
