import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddValidatorBlacklist1795600000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The operator's: its jobs are declined, whatever the chain says.
    await runner.query('alter table validator add column blacklisted boolean not null default false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table validator drop column blacklisted');
  }
}
