import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateChain1795000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table chain (
        -- The process that keeps it: one that another has taken over from can add nothing any more.
        run uuid primary key,
        state json not null
      )`);
    await runner.query(`
      create table change (
        number bigint generated always as identity primary key,
        change json not null
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table change');
    await runner.query('drop table chain');
  }
}
