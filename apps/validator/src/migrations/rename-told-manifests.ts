import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The view `miner_offer` goes on reading the table under its new name. */
export class RenameToldManifests1795000000056 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table told_manifest rename to connection_manifest');
    await runner.query('alter table connection_manifest rename column told_at to received_at');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table connection_manifest rename column received_at to told_at');
    await runner.query('alter table connection_manifest rename to told_manifest');
  }
}
